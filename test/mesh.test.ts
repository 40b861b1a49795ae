import { describeMesh } from "../lib/jest";

// Every file that mesh.yaml gives, for review. `npm run test:update` writes the snapshots.
describeMesh("mesh.yaml");
