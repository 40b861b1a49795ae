import { testFaults } from "./fault";
import { gatewayFaults } from "./faults/gateways";

testFaults(gatewayFaults);
