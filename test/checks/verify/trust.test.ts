import { testFaults } from "./fault";
import { trustFaults } from "./faults/trust";

testFaults(trustFaults);
