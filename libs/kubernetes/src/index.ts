export { openCluster, type Cluster } from './cluster.js';
export { createEventSender, type EventSender, type EventText } from './events.js';
export { followPods } from './follow-pods.js';
export { followStatefulSet, type StatefulSetFacts } from './follow-stateful-set.js';
export { patchConfigMap, patchReplicas, readConfigMap } from './patch.js';
export type { PodNews } from './pods.js';
export { forwardPort, type ForwardedPort } from './port-forward.js';
export { followPodLog, readPodLog } from './logs.js';
export { findRelease, processesOfRelease, readSecret, type Release, type ReleaseProcess } from './release.js';
