// Original file: gan_train/v1/peer.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Chunk as _gan_train_v1_Chunk, Chunk__Output as _gan_train_v1_Chunk__Output } from '../../gan_train/v1/Chunk.js';
import type { PullRequest as _gan_train_v1_PullRequest, PullRequest__Output as _gan_train_v1_PullRequest__Output } from '../../gan_train/v1/PullRequest.js';

export interface PeerClient extends grpc.Client {
  Pull(argument: _gan_train_v1_PullRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  Pull(argument: _gan_train_v1_PullRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  pull(argument: _gan_train_v1_PullRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  pull(argument: _gan_train_v1_PullRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  
}

export interface PeerHandlers extends grpc.UntypedServiceImplementation {
  Pull: grpc.handleServerStreamingCall<_gan_train_v1_PullRequest__Output, _gan_train_v1_Chunk>;
  
}

export interface PeerDefinition extends grpc.ServiceDefinition {
  Pull: MethodDefinition<_gan_train_v1_PullRequest, _gan_train_v1_Chunk, _gan_train_v1_PullRequest__Output, _gan_train_v1_Chunk__Output>
}
