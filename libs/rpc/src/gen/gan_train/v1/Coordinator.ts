// Original file: gan_train/v1/coordinator.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CheckpointPiece as _gan_train_v1_CheckpointPiece, CheckpointPiece__Output as _gan_train_v1_CheckpointPiece__Output } from '../../gan_train/v1/CheckpointPiece.js';
import type { Chunk as _gan_train_v1_Chunk, Chunk__Output as _gan_train_v1_Chunk__Output } from '../../gan_train/v1/Chunk.js';
import type { DrainReply as _gan_train_v1_DrainReply, DrainReply__Output as _gan_train_v1_DrainReply__Output } from '../../gan_train/v1/DrainReply.js';
import type { DrainRequest as _gan_train_v1_DrainRequest, DrainRequest__Output as _gan_train_v1_DrainRequest__Output } from '../../gan_train/v1/DrainRequest.js';
import type { Event as _gan_train_v1_Event, Event__Output as _gan_train_v1_Event__Output } from '../../gan_train/v1/Event.js';
import type { FetchItemsRequest as _gan_train_v1_FetchItemsRequest, FetchItemsRequest__Output as _gan_train_v1_FetchItemsRequest__Output } from '../../gan_train/v1/FetchItemsRequest.js';
import type { GetCheckpointRequest as _gan_train_v1_GetCheckpointRequest, GetCheckpointRequest__Output as _gan_train_v1_GetCheckpointRequest__Output } from '../../gan_train/v1/GetCheckpointRequest.js';
import type { GridPiece as _gan_train_v1_GridPiece, GridPiece__Output as _gan_train_v1_GridPiece__Output } from '../../gan_train/v1/GridPiece.js';
import type { PutCheckpointReply as _gan_train_v1_PutCheckpointReply, PutCheckpointReply__Output as _gan_train_v1_PutCheckpointReply__Output } from '../../gan_train/v1/PutCheckpointReply.js';
import type { PutGridReply as _gan_train_v1_PutGridReply, PutGridReply__Output as _gan_train_v1_PutGridReply__Output } from '../../gan_train/v1/PutGridReply.js';
import type { ScaleReply as _gan_train_v1_ScaleReply, ScaleReply__Output as _gan_train_v1_ScaleReply__Output } from '../../gan_train/v1/ScaleReply.js';
import type { ScaleRequest as _gan_train_v1_ScaleRequest, ScaleRequest__Output as _gan_train_v1_ScaleRequest__Output } from '../../gan_train/v1/ScaleRequest.js';
import type { SessionDown as _gan_train_v1_SessionDown, SessionDown__Output as _gan_train_v1_SessionDown__Output } from '../../gan_train/v1/SessionDown.js';
import type { SessionUp as _gan_train_v1_SessionUp, SessionUp__Output as _gan_train_v1_SessionUp__Output } from '../../gan_train/v1/SessionUp.js';
import type { StatusReply as _gan_train_v1_StatusReply, StatusReply__Output as _gan_train_v1_StatusReply__Output } from '../../gan_train/v1/StatusReply.js';
import type { StatusRequest as _gan_train_v1_StatusRequest, StatusRequest__Output as _gan_train_v1_StatusRequest__Output } from '../../gan_train/v1/StatusRequest.js';
import type { WatchRequest as _gan_train_v1_WatchRequest, WatchRequest__Output as _gan_train_v1_WatchRequest__Output } from '../../gan_train/v1/WatchRequest.js';

export interface CoordinatorClient extends grpc.Client {
  Drain(argument: _gan_train_v1_DrainRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_DrainReply__Output>): grpc.ClientUnaryCall;
  Drain(argument: _gan_train_v1_DrainRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_DrainReply__Output>): grpc.ClientUnaryCall;
  Drain(argument: _gan_train_v1_DrainRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_DrainReply__Output>): grpc.ClientUnaryCall;
  Drain(argument: _gan_train_v1_DrainRequest, callback: grpc.requestCallback<_gan_train_v1_DrainReply__Output>): grpc.ClientUnaryCall;
  drain(argument: _gan_train_v1_DrainRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_DrainReply__Output>): grpc.ClientUnaryCall;
  drain(argument: _gan_train_v1_DrainRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_DrainReply__Output>): grpc.ClientUnaryCall;
  drain(argument: _gan_train_v1_DrainRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_DrainReply__Output>): grpc.ClientUnaryCall;
  drain(argument: _gan_train_v1_DrainRequest, callback: grpc.requestCallback<_gan_train_v1_DrainReply__Output>): grpc.ClientUnaryCall;
  
  FetchItems(argument: _gan_train_v1_FetchItemsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  FetchItems(argument: _gan_train_v1_FetchItemsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  fetchItems(argument: _gan_train_v1_FetchItemsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  fetchItems(argument: _gan_train_v1_FetchItemsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Chunk__Output>;
  
  GetCheckpoint(argument: _gan_train_v1_GetCheckpointRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_CheckpointPiece__Output>;
  GetCheckpoint(argument: _gan_train_v1_GetCheckpointRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_CheckpointPiece__Output>;
  getCheckpoint(argument: _gan_train_v1_GetCheckpointRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_CheckpointPiece__Output>;
  getCheckpoint(argument: _gan_train_v1_GetCheckpointRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_CheckpointPiece__Output>;
  
  PutCheckpoint(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_PutCheckpointReply__Output>): grpc.ClientWritableStream<_gan_train_v1_CheckpointPiece>;
  PutCheckpoint(metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_PutCheckpointReply__Output>): grpc.ClientWritableStream<_gan_train_v1_CheckpointPiece>;
  PutCheckpoint(options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_PutCheckpointReply__Output>): grpc.ClientWritableStream<_gan_train_v1_CheckpointPiece>;
  PutCheckpoint(callback: grpc.requestCallback<_gan_train_v1_PutCheckpointReply__Output>): grpc.ClientWritableStream<_gan_train_v1_CheckpointPiece>;
  putCheckpoint(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_PutCheckpointReply__Output>): grpc.ClientWritableStream<_gan_train_v1_CheckpointPiece>;
  putCheckpoint(metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_PutCheckpointReply__Output>): grpc.ClientWritableStream<_gan_train_v1_CheckpointPiece>;
  putCheckpoint(options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_PutCheckpointReply__Output>): grpc.ClientWritableStream<_gan_train_v1_CheckpointPiece>;
  putCheckpoint(callback: grpc.requestCallback<_gan_train_v1_PutCheckpointReply__Output>): grpc.ClientWritableStream<_gan_train_v1_CheckpointPiece>;
  
  PutGrid(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_PutGridReply__Output>): grpc.ClientWritableStream<_gan_train_v1_GridPiece>;
  PutGrid(metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_PutGridReply__Output>): grpc.ClientWritableStream<_gan_train_v1_GridPiece>;
  PutGrid(options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_PutGridReply__Output>): grpc.ClientWritableStream<_gan_train_v1_GridPiece>;
  PutGrid(callback: grpc.requestCallback<_gan_train_v1_PutGridReply__Output>): grpc.ClientWritableStream<_gan_train_v1_GridPiece>;
  putGrid(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_PutGridReply__Output>): grpc.ClientWritableStream<_gan_train_v1_GridPiece>;
  putGrid(metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_PutGridReply__Output>): grpc.ClientWritableStream<_gan_train_v1_GridPiece>;
  putGrid(options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_PutGridReply__Output>): grpc.ClientWritableStream<_gan_train_v1_GridPiece>;
  putGrid(callback: grpc.requestCallback<_gan_train_v1_PutGridReply__Output>): grpc.ClientWritableStream<_gan_train_v1_GridPiece>;
  
  Scale(argument: _gan_train_v1_ScaleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_ScaleReply__Output>): grpc.ClientUnaryCall;
  Scale(argument: _gan_train_v1_ScaleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_ScaleReply__Output>): grpc.ClientUnaryCall;
  Scale(argument: _gan_train_v1_ScaleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_ScaleReply__Output>): grpc.ClientUnaryCall;
  Scale(argument: _gan_train_v1_ScaleRequest, callback: grpc.requestCallback<_gan_train_v1_ScaleReply__Output>): grpc.ClientUnaryCall;
  scale(argument: _gan_train_v1_ScaleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_ScaleReply__Output>): grpc.ClientUnaryCall;
  scale(argument: _gan_train_v1_ScaleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_ScaleReply__Output>): grpc.ClientUnaryCall;
  scale(argument: _gan_train_v1_ScaleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_ScaleReply__Output>): grpc.ClientUnaryCall;
  scale(argument: _gan_train_v1_ScaleRequest, callback: grpc.requestCallback<_gan_train_v1_ScaleReply__Output>): grpc.ClientUnaryCall;
  
  Session(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_gan_train_v1_SessionUp, _gan_train_v1_SessionDown__Output>;
  Session(options?: grpc.CallOptions): grpc.ClientDuplexStream<_gan_train_v1_SessionUp, _gan_train_v1_SessionDown__Output>;
  session(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_gan_train_v1_SessionUp, _gan_train_v1_SessionDown__Output>;
  session(options?: grpc.CallOptions): grpc.ClientDuplexStream<_gan_train_v1_SessionUp, _gan_train_v1_SessionDown__Output>;
  
  Status(argument: _gan_train_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  Status(argument: _gan_train_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  Status(argument: _gan_train_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  Status(argument: _gan_train_v1_StatusRequest, callback: grpc.requestCallback<_gan_train_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  status(argument: _gan_train_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  status(argument: _gan_train_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gan_train_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  status(argument: _gan_train_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gan_train_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  status(argument: _gan_train_v1_StatusRequest, callback: grpc.requestCallback<_gan_train_v1_StatusReply__Output>): grpc.ClientUnaryCall;
  
  Watch(argument: _gan_train_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Event__Output>;
  Watch(argument: _gan_train_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Event__Output>;
  watch(argument: _gan_train_v1_WatchRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Event__Output>;
  watch(argument: _gan_train_v1_WatchRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gan_train_v1_Event__Output>;
  
}

export interface CoordinatorHandlers extends grpc.UntypedServiceImplementation {
  Drain: grpc.handleUnaryCall<_gan_train_v1_DrainRequest__Output, _gan_train_v1_DrainReply>;
  
  FetchItems: grpc.handleServerStreamingCall<_gan_train_v1_FetchItemsRequest__Output, _gan_train_v1_Chunk>;
  
  GetCheckpoint: grpc.handleServerStreamingCall<_gan_train_v1_GetCheckpointRequest__Output, _gan_train_v1_CheckpointPiece>;
  
  PutCheckpoint: grpc.handleClientStreamingCall<_gan_train_v1_CheckpointPiece__Output, _gan_train_v1_PutCheckpointReply>;
  
  PutGrid: grpc.handleClientStreamingCall<_gan_train_v1_GridPiece__Output, _gan_train_v1_PutGridReply>;
  
  Scale: grpc.handleUnaryCall<_gan_train_v1_ScaleRequest__Output, _gan_train_v1_ScaleReply>;
  
  Session: grpc.handleBidiStreamingCall<_gan_train_v1_SessionUp__Output, _gan_train_v1_SessionDown>;
  
  Status: grpc.handleUnaryCall<_gan_train_v1_StatusRequest__Output, _gan_train_v1_StatusReply>;
  
  Watch: grpc.handleServerStreamingCall<_gan_train_v1_WatchRequest__Output, _gan_train_v1_Event>;
  
}

export interface CoordinatorDefinition extends grpc.ServiceDefinition {
  Drain: MethodDefinition<_gan_train_v1_DrainRequest, _gan_train_v1_DrainReply, _gan_train_v1_DrainRequest__Output, _gan_train_v1_DrainReply__Output>
  FetchItems: MethodDefinition<_gan_train_v1_FetchItemsRequest, _gan_train_v1_Chunk, _gan_train_v1_FetchItemsRequest__Output, _gan_train_v1_Chunk__Output>
  GetCheckpoint: MethodDefinition<_gan_train_v1_GetCheckpointRequest, _gan_train_v1_CheckpointPiece, _gan_train_v1_GetCheckpointRequest__Output, _gan_train_v1_CheckpointPiece__Output>
  PutCheckpoint: MethodDefinition<_gan_train_v1_CheckpointPiece, _gan_train_v1_PutCheckpointReply, _gan_train_v1_CheckpointPiece__Output, _gan_train_v1_PutCheckpointReply__Output>
  PutGrid: MethodDefinition<_gan_train_v1_GridPiece, _gan_train_v1_PutGridReply, _gan_train_v1_GridPiece__Output, _gan_train_v1_PutGridReply__Output>
  Scale: MethodDefinition<_gan_train_v1_ScaleRequest, _gan_train_v1_ScaleReply, _gan_train_v1_ScaleRequest__Output, _gan_train_v1_ScaleReply__Output>
  Session: MethodDefinition<_gan_train_v1_SessionUp, _gan_train_v1_SessionDown, _gan_train_v1_SessionUp__Output, _gan_train_v1_SessionDown__Output>
  Status: MethodDefinition<_gan_train_v1_StatusRequest, _gan_train_v1_StatusReply, _gan_train_v1_StatusRequest__Output, _gan_train_v1_StatusReply__Output>
  Watch: MethodDefinition<_gan_train_v1_WatchRequest, _gan_train_v1_Event, _gan_train_v1_WatchRequest__Output, _gan_train_v1_Event__Output>
}
