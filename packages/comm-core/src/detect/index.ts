export { detect } from './detect.ts';
export {
  type Consideration,
  DETECTION_ROWS,
  type Detection,
  type DetectionRow,
  type DetectOptions,
  type Environment,
  type TransportName,
} from './detection.ts';
export { expandHostlist, expandTasksPerNode, HostlistError } from './hostlist.ts';
