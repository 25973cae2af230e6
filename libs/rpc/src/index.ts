export { callCoordinator } from './call-coordinator.js';
export { callUnary, readStream, streamHandler, unaryHandler } from './calls.js';
export { chunkBytes, decodeChunk, encodeChunk, floatsFromBytes, maxMessageBytes } from './chunk.js';
export {
  createCoordinatorClient,
  createLastingClient,
  createPeerClient,
  type LastingClient,
} from './client.js';
export { coordinatorService, peerService, protocolVersion } from './contract.js';
export { getCheckpoint, type StateBytes } from './get-checkpoint.js';
export { createMetrics } from './metrics.js';
export { readChunks } from './read-chunks.js';
export {
  completeStep,
  elementsOfShape,
  initialTriple,
  isSameGeneration,
  isSamePosition,
  isSameTriple,
  nameOfGeneration,
  noGeneration,
  sizeOfTensors,
  tripleFromMessage,
  type GenerationId,
  type Position,
  type Triple,
} from './state.js';
export { createRpcServer, listen, shutdown, type RpcServerOptions } from './server.js';
export { openTlsIdentity, tlsIdentityFrom, type TlsIdentity } from './tls/identity.js';
export { refusalLog, tlsOfService } from './tls/of-service.js';
export { nameOfRole, roles, type Role } from './tls/roles.js';
export { errorFromStatus, statusFromError } from './status.js';
export type { CheckpointHeader__Output as CheckpointHeader } from './gen/gan_train/v1/CheckpointHeader.js';
export type { CheckpointHeader as CheckpointHeaderMessage } from './gen/gan_train/v1/CheckpointHeader.js';
export type { CheckpointPiece, CheckpointPiece__Output } from './gen/gan_train/v1/CheckpointPiece.js';
export type { GridHeader__Output as GridHeader } from './gen/gan_train/v1/GridHeader.js';
export type { GridPiece } from './gen/gan_train/v1/GridPiece.js';
export type { CoordinatorClient, CoordinatorHandlers } from './gen/gan_train/v1/Coordinator.js';
export type { Event, Event__Output } from './gen/gan_train/v1/Event.js';
export type { LossRow__Output as LossRow } from './gen/gan_train/v1/LossRow.js';
export type { Member__Output as Member } from './gen/gan_train/v1/Member.js';
export type { PeerClient } from './gen/gan_train/v1/Peer.js';
export type { PullRequest__Output as PullRequest } from './gen/gan_train/v1/PullRequest.js';
export type { ShareReply__Output as ShareReply } from './gen/gan_train/v1/ShareReply.js';
export type { ShareRequest__Output as ShareRequest } from './gen/gan_train/v1/ShareRequest.js';
export type { RunInfo } from './gen/gan_train/v1/RunInfo.js';
export type { ScaleRequest__Output as ScaleRequest } from './gen/gan_train/v1/ScaleRequest.js';
export type { StatusReply, StatusReply__Output } from './gen/gan_train/v1/StatusReply.js';
export type { DescribeStateRequest__Output as DescribeStateRequest } from './gen/gan_train/v1/DescribeStateRequest.js';
export type { PullStateRequest__Output as PullStateRequest } from './gen/gan_train/v1/PullStateRequest.js';
export type { ProbeRequest__Output as ProbeRequest } from './gen/gan_train/v1/ProbeRequest.js';
export type { ProbeReply } from './gen/gan_train/v1/ProbeReply.js';
export type { Probe__Output as Probe } from './gen/gan_train/v1/Probe.js';
export type { TrainerStatus } from './gen/gan_train/v1/TrainerStatus.js';
export type { WatchRequest__Output as WatchRequest } from './gen/gan_train/v1/WatchRequest.js';
export type { SessionDown, SessionDown__Output } from './gen/gan_train/v1/SessionDown.js';
export type { SessionUp, SessionUp__Output } from './gen/gan_train/v1/SessionUp.js';
export type { Start__Output as Start } from './gen/gan_train/v1/Start.js';
