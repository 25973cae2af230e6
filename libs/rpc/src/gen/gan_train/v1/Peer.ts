// Original file: gan_train/v1/peer.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Chunk as _gan_train_v1_Chunk, Chunk__Output as _gan_train_v1_Chunk__Output } from '../../gan_train/v1/Chunk.js';
import type { PullRequest as _gan_train_v1_PullRequest, PullRequest__Output as _gan_train_v1_PullRequest__Output } from '../../gan_train/v1/PullRequest.js';
import type { ShareReply as _gan_train_v1_ShareReply, ShareReply__Output as _gan_train_v1_ShareReply__Output } from '../../gan_train/v1/ShareReply.js';
import type { ShareRequest as _gan_train_v1_ShareRequest, ShareRequest__Output as _gan_train_v1_ShareRequest__Output } from '../../gan_train/v1/ShareRequest.js';

export interface PeerClient extends grpc.Client {
  Pull(argument: _gan_train_v1_PullRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  Pull(argument: _gan_train_v1_PullRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  pull(argument: _gan_train_v1_PullRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  pull(argument: _gan_train_v1_PullRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  
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
  Pull: grpc.handleServerStreamingCall<_gan_train_v1_PullRequest__Output, _gan_train_v1_Chunk>;
  
  Share: grpc.handleUnaryCall<_gan_train_v1_ShareRequest__Output, _gan_train_v1_ShareReply>;
  
}

export interface PeerDefinition extends grpc.ServiceDefinition {
  Pull: MethodDefinition<_gan_train_v1_PullRequest, _gan_train_v1_Chunk, _gan_train_v1_PullRequest__Output, _gan_train_v1_Chunk__Output>
  Share: MethodDefinition<_gan_train_v1_ShareRequest, _gan_train_v1_ShareReply, _gan_train_v1_ShareRequest__Output, _gan_train_v1_ShareReply__Output>
}
