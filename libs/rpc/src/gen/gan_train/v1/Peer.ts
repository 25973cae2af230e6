// Original file: gan_train/v1/peer.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CheckpointHeader as _gan_train_v1_CheckpointHeader, CheckpointHeader__Output as _gan_train_v1_CheckpointHeader__Output } from '../../gan_train/v1/CheckpointHeader.js';
import type { Chunk as _gan_train_v1_Chunk, Chunk__Output as _gan_train_v1_Chunk__Output } from '../../gan_train/v1/Chunk.js';
import type { DescribeStateRequest as _gan_train_v1_DescribeStateRequest, DescribeStateRequest__Output as _gan_train_v1_DescribeStateRequest__Output } from '../../gan_train/v1/DescribeStateRequest.js';
import type { ProbeReply as _gan_train_v1_ProbeReply, ProbeReply__Output as _gan_train_v1_ProbeReply__Output } from '../../gan_train/v1/ProbeReply.js';
import type { ProbeRequest as _gan_train_v1_ProbeRequest, ProbeRequest__Output as _gan_train_v1_ProbeRequest__Output } from '../../gan_train/v1/ProbeRequest.js';
import type { PullRequest as _gan_train_v1_PullRequest, PullRequest__Output as _gan_train_v1_PullRequest__Output } from '../../gan_train/v1/PullRequest.js';
import type { PullStateRequest as _gan_train_v1_PullStateRequest, PullStateRequest__Output as _gan_train_v1_PullStateRequest__Output } from '../../gan_train/v1/PullStateRequest.js';
import type { ShareReply as _gan_train_v1_ShareReply, ShareReply__Output as _gan_train_v1_ShareReply__Output } from '../../gan_train/v1/ShareReply.js';
import type { ShareRequest as _gan_train_v1_ShareRequest, ShareRequest__Output as _gan_train_v1_ShareRequest__Output } from '../../gan_train/v1/ShareRequest.js';

export interface PeerClient extends grpc.Client {
  DescribeState(argument: _gan_train_v1_DescribeStateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_CheckpointHeader__Output>): grpc.ClientUnaryCall;
  DescribeState(argument: _gan_train_v1_DescribeStateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_CheckpointHeader__Output>): grpc.ClientUnaryCall;
  DescribeState(argument: _gan_train_v1_DescribeStateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_CheckpointHeader__Output>): grpc.ClientUnaryCall;
  DescribeState(argument: _gan_train_v1_DescribeStateRequest, callback: grpc.requestCallback<_gan_train_v1_CheckpointHeader__Output>): grpc.ClientUnaryCall;
  describeState(argument: _gan_train_v1_DescribeStateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_CheckpointHeader__Output>): grpc.ClientUnaryCall;
  describeState(argument: _gan_train_v1_DescribeStateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_CheckpointHeader__Output>): grpc.ClientUnaryCall;
  describeState(argument: _gan_train_v1_DescribeStateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_CheckpointHeader__Output>): grpc.ClientUnaryCall;
  describeState(argument: _gan_train_v1_DescribeStateRequest, callback: grpc.requestCallback<_gan_train_v1_CheckpointHeader__Output>): grpc.ClientUnaryCall;
  
  Probe(argument: _gan_train_v1_ProbeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_ProbeReply__Output>): grpc.ClientUnaryCall;
  Probe(argument: _gan_train_v1_ProbeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_ProbeReply__Output>): grpc.ClientUnaryCall;
  Probe(argument: _gan_train_v1_ProbeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_ProbeReply__Output>): grpc.ClientUnaryCall;
  Probe(argument: _gan_train_v1_ProbeRequest, callback: grpc.requestCallback<_gan_train_v1_ProbeReply__Output>): grpc.ClientUnaryCall;
  probe(argument: _gan_train_v1_ProbeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_ProbeReply__Output>): grpc.ClientUnaryCall;
  probe(argument: _gan_train_v1_ProbeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_ProbeReply__Output>): grpc.ClientUnaryCall;
  probe(argument: _gan_train_v1_ProbeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_ProbeReply__Output>): grpc.ClientUnaryCall;
  probe(argument: _gan_train_v1_ProbeRequest, callback: grpc.requestCallback<_gan_train_v1_ProbeReply__Output>): grpc.ClientUnaryCall;
  
  Pull(argument: _gan_train_v1_PullRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  Pull(argument: _gan_train_v1_PullRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  pull(argument: _gan_train_v1_PullRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  pull(argument: _gan_train_v1_PullRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  
  PullState(argument: _gan_train_v1_PullStateRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  PullState(argument: _gan_train_v1_PullStateRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  pullState(argument: _gan_train_v1_PullStateRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  pullState(argument: _gan_train_v1_PullStateRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  
  Share(argument: _gan_train_v1_ShareRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_ShareReply__Output>): grpc.ClientUnaryCall;
  Share(argument: _gan_train_v1_ShareRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_ShareReply__Output>): grpc.ClientUnaryCall;
  Share(argument: _gan_train_v1_ShareRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_ShareReply__Output>): grpc.ClientUnaryCall;
  Share(argument: _gan_train_v1_ShareRequest, callback: grpc.requestCallback<_gan_train_v1_ShareReply__Output>): grpc.ClientUnaryCall;
  share(argument: _gan_train_v1_ShareRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_ShareReply__Output>): grpc.ClientUnaryCall;
  share(argument: _gan_train_v1_ShareRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_ShareReply__Output>): grpc.ClientUnaryCall;
  share(argument: _gan_train_v1_ShareRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_ShareReply__Output>): grpc.ClientUnaryCall;
  share(argument: _gan_train_v1_ShareRequest, callback: grpc.requestCallback<_gan_train_v1_ShareReply__Output>): grpc.ClientUnaryCall;
  
}

export interface PeerHandlers extends grpc.UntypedServiceImplementation {
  DescribeState: grpc.handleUnaryCall<_gan_train_v1_DescribeStateRequest__Output, _gan_train_v1_CheckpointHeader>;
  
  Probe: grpc.handleUnaryCall<_gan_train_v1_ProbeRequest__Output, _gan_train_v1_ProbeReply>;
  
  Pull: grpc.handleServerStreamingCall<_gan_train_v1_PullRequest__Output, _gan_train_v1_Chunk>;
  
  PullState: grpc.handleServerStreamingCall<_gan_train_v1_PullStateRequest__Output, _gan_train_v1_Chunk>;
  
  Share: grpc.handleUnaryCall<_gan_train_v1_ShareRequest__Output, _gan_train_v1_ShareReply>;
  
}

export interface PeerDefinition extends grpc.ServiceDefinition {
  DescribeState: MethodDefinition<_gan_train_v1_DescribeStateRequest, _gan_train_v1_CheckpointHeader, _gan_train_v1_DescribeStateRequest__Output, _gan_train_v1_CheckpointHeader__Output>
  Probe: MethodDefinition<_gan_train_v1_ProbeRequest, _gan_train_v1_ProbeReply, _gan_train_v1_ProbeRequest__Output, _gan_train_v1_ProbeReply__Output>
  Pull: MethodDefinition<_gan_train_v1_PullRequest, _gan_train_v1_Chunk, _gan_train_v1_PullRequest__Output, _gan_train_v1_Chunk__Output>
  PullState: MethodDefinition<_gan_train_v1_PullStateRequest, _gan_train_v1_Chunk, _gan_train_v1_PullStateRequest__Output, _gan_train_v1_Chunk__Output>
  Share: MethodDefinition<_gan_train_v1_ShareRequest, _gan_train_v1_ShareReply, _gan_train_v1_ShareRequest__Output, _gan_train_v1_ShareReply__Output>
}
