import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CheckpointHeader as _gan_train_v1_CheckpointHeader, CheckpointHeader__Output as _gan_train_v1_CheckpointHeader__Output } from './gan_train/v1/CheckpointHeader.js';
import type { CheckpointPiece as _gan_train_v1_CheckpointPiece, CheckpointPiece__Output as _gan_train_v1_CheckpointPiece__Output } from './gan_train/v1/CheckpointPiece.js';
import type { Chunk as _gan_train_v1_Chunk, Chunk__Output as _gan_train_v1_Chunk__Output } from './gan_train/v1/Chunk.js';
import type { Config as _gan_train_v1_Config, Config__Output as _gan_train_v1_Config__Output } from './gan_train/v1/Config.js';
import type { CoordinatorClient as _gan_train_v1_CoordinatorClient, CoordinatorDefinition as _gan_train_v1_CoordinatorDefinition } from './gan_train/v1/Coordinator.js';
import type { DataInfo as _gan_train_v1_DataInfo, DataInfo__Output as _gan_train_v1_DataInfo__Output } from './gan_train/v1/DataInfo.js';
import type { Done as _gan_train_v1_Done, Done__Output as _gan_train_v1_Done__Output } from './gan_train/v1/Done.js';
import type { DrainReply as _gan_train_v1_DrainReply, DrainReply__Output as _gan_train_v1_DrainReply__Output } from './gan_train/v1/DrainReply.js';
import type { DrainRequest as _gan_train_v1_DrainRequest, DrainRequest__Output as _gan_train_v1_DrainRequest__Output } from './gan_train/v1/DrainRequest.js';
import type { Drained as _gan_train_v1_Drained, Drained__Output as _gan_train_v1_Drained__Output } from './gan_train/v1/Drained.js';
import type { Engine as _gan_train_v1_Engine, Engine__Output as _gan_train_v1_Engine__Output } from './gan_train/v1/Engine.js';
import type { Event as _gan_train_v1_Event, Event__Output as _gan_train_v1_Event__Output } from './gan_train/v1/Event.js';
import type { Failed as _gan_train_v1_Failed, Failed__Output as _gan_train_v1_Failed__Output } from './gan_train/v1/Failed.js';
import type { FetchItemsRequest as _gan_train_v1_FetchItemsRequest, FetchItemsRequest__Output as _gan_train_v1_FetchItemsRequest__Output } from './gan_train/v1/FetchItemsRequest.js';
import type { FileStored as _gan_train_v1_FileStored, FileStored__Output as _gan_train_v1_FileStored__Output } from './gan_train/v1/FileStored.js';
import type { Finished as _gan_train_v1_Finished, Finished__Output as _gan_train_v1_Finished__Output } from './gan_train/v1/Finished.js';
import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from './gan_train/v1/Generation.js';
import type { GenerationStarted as _gan_train_v1_GenerationStarted, GenerationStarted__Output as _gan_train_v1_GenerationStarted__Output } from './gan_train/v1/GenerationStarted.js';
import type { GetCheckpointRequest as _gan_train_v1_GetCheckpointRequest, GetCheckpointRequest__Output as _gan_train_v1_GetCheckpointRequest__Output } from './gan_train/v1/GetCheckpointRequest.js';
import type { GridHeader as _gan_train_v1_GridHeader, GridHeader__Output as _gan_train_v1_GridHeader__Output } from './gan_train/v1/GridHeader.js';
import type { GridPiece as _gan_train_v1_GridPiece, GridPiece__Output as _gan_train_v1_GridPiece__Output } from './gan_train/v1/GridPiece.js';
import type { Hello as _gan_train_v1_Hello, Hello__Output as _gan_train_v1_Hello__Output } from './gan_train/v1/Hello.js';
import type { Leave as _gan_train_v1_Leave, Leave__Output as _gan_train_v1_Leave__Output } from './gan_train/v1/Leave.js';
import type { LossRow as _gan_train_v1_LossRow, LossRow__Output as _gan_train_v1_LossRow__Output } from './gan_train/v1/LossRow.js';
import type { Member as _gan_train_v1_Member, Member__Output as _gan_train_v1_Member__Output } from './gan_train/v1/Member.js';
import type { Note as _gan_train_v1_Note, Note__Output as _gan_train_v1_Note__Output } from './gan_train/v1/Note.js';
import type { Pause as _gan_train_v1_Pause, Pause__Output as _gan_train_v1_Pause__Output } from './gan_train/v1/Pause.js';
import type { Position as _gan_train_v1_Position, Position__Output as _gan_train_v1_Position__Output } from './gan_train/v1/Position.js';
import type { Prepare as _gan_train_v1_Prepare, Prepare__Output as _gan_train_v1_Prepare__Output } from './gan_train/v1/Prepare.js';
import type { Prepared as _gan_train_v1_Prepared, Prepared__Output as _gan_train_v1_Prepared__Output } from './gan_train/v1/Prepared.js';
import type { Probe as _gan_train_v1_Probe, Probe__Output as _gan_train_v1_Probe__Output } from './gan_train/v1/Probe.js';
import type { Probed as _gan_train_v1_Probed, Probed__Output as _gan_train_v1_Probed__Output } from './gan_train/v1/Probed.js';
import type { Progress as _gan_train_v1_Progress, Progress__Output as _gan_train_v1_Progress__Output } from './gan_train/v1/Progress.js';
import type { PutCheckpointReply as _gan_train_v1_PutCheckpointReply, PutCheckpointReply__Output as _gan_train_v1_PutCheckpointReply__Output } from './gan_train/v1/PutCheckpointReply.js';
import type { PutGridReply as _gan_train_v1_PutGridReply, PutGridReply__Output as _gan_train_v1_PutGridReply__Output } from './gan_train/v1/PutGridReply.js';
import type { Ready as _gan_train_v1_Ready, Ready__Output as _gan_train_v1_Ready__Output } from './gan_train/v1/Ready.js';
import type { Refused as _gan_train_v1_Refused, Refused__Output as _gan_train_v1_Refused__Output } from './gan_train/v1/Refused.js';
import type { RowsStored as _gan_train_v1_RowsStored, RowsStored__Output as _gan_train_v1_RowsStored__Output } from './gan_train/v1/RowsStored.js';
import type { RunInfo as _gan_train_v1_RunInfo, RunInfo__Output as _gan_train_v1_RunInfo__Output } from './gan_train/v1/RunInfo.js';
import type { SaveState as _gan_train_v1_SaveState, SaveState__Output as _gan_train_v1_SaveState__Output } from './gan_train/v1/SaveState.js';
import type { ScaleReply as _gan_train_v1_ScaleReply, ScaleReply__Output as _gan_train_v1_ScaleReply__Output } from './gan_train/v1/ScaleReply.js';
import type { ScaleRequest as _gan_train_v1_ScaleRequest, ScaleRequest__Output as _gan_train_v1_ScaleRequest__Output } from './gan_train/v1/ScaleRequest.js';
import type { SessionDown as _gan_train_v1_SessionDown, SessionDown__Output as _gan_train_v1_SessionDown__Output } from './gan_train/v1/SessionDown.js';
import type { SessionUp as _gan_train_v1_SessionUp, SessionUp__Output as _gan_train_v1_SessionUp__Output } from './gan_train/v1/SessionUp.js';
import type { Start as _gan_train_v1_Start, Start__Output as _gan_train_v1_Start__Output } from './gan_train/v1/Start.js';
import type { StateHash as _gan_train_v1_StateHash, StateHash__Output as _gan_train_v1_StateHash__Output } from './gan_train/v1/StateHash.js';
import type { StateTriple as _gan_train_v1_StateTriple, StateTriple__Output as _gan_train_v1_StateTriple__Output } from './gan_train/v1/StateTriple.js';
import type { StatusReply as _gan_train_v1_StatusReply, StatusReply__Output as _gan_train_v1_StatusReply__Output } from './gan_train/v1/StatusReply.js';
import type { StatusRequest as _gan_train_v1_StatusRequest, StatusRequest__Output as _gan_train_v1_StatusRequest__Output } from './gan_train/v1/StatusRequest.js';
import type { Stop as _gan_train_v1_Stop, Stop__Output as _gan_train_v1_Stop__Output } from './gan_train/v1/Stop.js';
import type { TensorInfo as _gan_train_v1_TensorInfo, TensorInfo__Output as _gan_train_v1_TensorInfo__Output } from './gan_train/v1/TensorInfo.js';
import type { TrainerStatus as _gan_train_v1_TrainerStatus, TrainerStatus__Output as _gan_train_v1_TrainerStatus__Output } from './gan_train/v1/TrainerStatus.js';
import type { TrainersWanted as _gan_train_v1_TrainersWanted, TrainersWanted__Output as _gan_train_v1_TrainersWanted__Output } from './gan_train/v1/TrainersWanted.js';
import type { WatchRequest as _gan_train_v1_WatchRequest, WatchRequest__Output as _gan_train_v1_WatchRequest__Output } from './gan_train/v1/WatchRequest.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  gan_train: {
    v1: {
      CheckpointHeader: MessageTypeDefinition<_gan_train_v1_CheckpointHeader, _gan_train_v1_CheckpointHeader__Output>
      CheckpointPiece: MessageTypeDefinition<_gan_train_v1_CheckpointPiece, _gan_train_v1_CheckpointPiece__Output>
      Chunk: MessageTypeDefinition<_gan_train_v1_Chunk, _gan_train_v1_Chunk__Output>
      Config: MessageTypeDefinition<_gan_train_v1_Config, _gan_train_v1_Config__Output>
      Coordinator: SubtypeConstructor<typeof grpc.Client, _gan_train_v1_CoordinatorClient> & { service: _gan_train_v1_CoordinatorDefinition }
      DataInfo: MessageTypeDefinition<_gan_train_v1_DataInfo, _gan_train_v1_DataInfo__Output>
      Done: MessageTypeDefinition<_gan_train_v1_Done, _gan_train_v1_Done__Output>
      DrainReply: MessageTypeDefinition<_gan_train_v1_DrainReply, _gan_train_v1_DrainReply__Output>
      DrainRequest: MessageTypeDefinition<_gan_train_v1_DrainRequest, _gan_train_v1_DrainRequest__Output>
      Drained: MessageTypeDefinition<_gan_train_v1_Drained, _gan_train_v1_Drained__Output>
      Engine: MessageTypeDefinition<_gan_train_v1_Engine, _gan_train_v1_Engine__Output>
      Event: MessageTypeDefinition<_gan_train_v1_Event, _gan_train_v1_Event__Output>
      Failed: MessageTypeDefinition<_gan_train_v1_Failed, _gan_train_v1_Failed__Output>
      FetchItemsRequest: MessageTypeDefinition<_gan_train_v1_FetchItemsRequest, _gan_train_v1_FetchItemsRequest__Output>
      FileStored: MessageTypeDefinition<_gan_train_v1_FileStored, _gan_train_v1_FileStored__Output>
      Finished: MessageTypeDefinition<_gan_train_v1_Finished, _gan_train_v1_Finished__Output>
      Generation: MessageTypeDefinition<_gan_train_v1_Generation, _gan_train_v1_Generation__Output>
      GenerationStarted: MessageTypeDefinition<_gan_train_v1_GenerationStarted, _gan_train_v1_GenerationStarted__Output>
      GetCheckpointRequest: MessageTypeDefinition<_gan_train_v1_GetCheckpointRequest, _gan_train_v1_GetCheckpointRequest__Output>
      GridHeader: MessageTypeDefinition<_gan_train_v1_GridHeader, _gan_train_v1_GridHeader__Output>
      GridPiece: MessageTypeDefinition<_gan_train_v1_GridPiece, _gan_train_v1_GridPiece__Output>
      Hello: MessageTypeDefinition<_gan_train_v1_Hello, _gan_train_v1_Hello__Output>
      Leave: MessageTypeDefinition<_gan_train_v1_Leave, _gan_train_v1_Leave__Output>
      LossRow: MessageTypeDefinition<_gan_train_v1_LossRow, _gan_train_v1_LossRow__Output>
      Member: MessageTypeDefinition<_gan_train_v1_Member, _gan_train_v1_Member__Output>
      Note: MessageTypeDefinition<_gan_train_v1_Note, _gan_train_v1_Note__Output>
      Pause: MessageTypeDefinition<_gan_train_v1_Pause, _gan_train_v1_Pause__Output>
      Position: MessageTypeDefinition<_gan_train_v1_Position, _gan_train_v1_Position__Output>
      Prepare: MessageTypeDefinition<_gan_train_v1_Prepare, _gan_train_v1_Prepare__Output>
      Prepared: MessageTypeDefinition<_gan_train_v1_Prepared, _gan_train_v1_Prepared__Output>
      Probe: MessageTypeDefinition<_gan_train_v1_Probe, _gan_train_v1_Probe__Output>
      Probed: MessageTypeDefinition<_gan_train_v1_Probed, _gan_train_v1_Probed__Output>
      Progress: MessageTypeDefinition<_gan_train_v1_Progress, _gan_train_v1_Progress__Output>
      PutCheckpointReply: MessageTypeDefinition<_gan_train_v1_PutCheckpointReply, _gan_train_v1_PutCheckpointReply__Output>
      PutGridReply: MessageTypeDefinition<_gan_train_v1_PutGridReply, _gan_train_v1_PutGridReply__Output>
      Ready: MessageTypeDefinition<_gan_train_v1_Ready, _gan_train_v1_Ready__Output>
      Refused: MessageTypeDefinition<_gan_train_v1_Refused, _gan_train_v1_Refused__Output>
      RowsStored: MessageTypeDefinition<_gan_train_v1_RowsStored, _gan_train_v1_RowsStored__Output>
      RunInfo: MessageTypeDefinition<_gan_train_v1_RunInfo, _gan_train_v1_RunInfo__Output>
      SaveState: MessageTypeDefinition<_gan_train_v1_SaveState, _gan_train_v1_SaveState__Output>
      ScaleReply: MessageTypeDefinition<_gan_train_v1_ScaleReply, _gan_train_v1_ScaleReply__Output>
      ScaleRequest: MessageTypeDefinition<_gan_train_v1_ScaleRequest, _gan_train_v1_ScaleRequest__Output>
      SessionDown: MessageTypeDefinition<_gan_train_v1_SessionDown, _gan_train_v1_SessionDown__Output>
      SessionUp: MessageTypeDefinition<_gan_train_v1_SessionUp, _gan_train_v1_SessionUp__Output>
      Start: MessageTypeDefinition<_gan_train_v1_Start, _gan_train_v1_Start__Output>
      StateHash: MessageTypeDefinition<_gan_train_v1_StateHash, _gan_train_v1_StateHash__Output>
      StateTriple: MessageTypeDefinition<_gan_train_v1_StateTriple, _gan_train_v1_StateTriple__Output>
      StatusReply: MessageTypeDefinition<_gan_train_v1_StatusReply, _gan_train_v1_StatusReply__Output>
      StatusRequest: MessageTypeDefinition<_gan_train_v1_StatusRequest, _gan_train_v1_StatusRequest__Output>
      Stop: MessageTypeDefinition<_gan_train_v1_Stop, _gan_train_v1_Stop__Output>
      TensorInfo: MessageTypeDefinition<_gan_train_v1_TensorInfo, _gan_train_v1_TensorInfo__Output>
      TrainerStatus: MessageTypeDefinition<_gan_train_v1_TrainerStatus, _gan_train_v1_TrainerStatus__Output>
      TrainersWanted: MessageTypeDefinition<_gan_train_v1_TrainersWanted, _gan_train_v1_TrainersWanted__Output>
      WatchRequest: MessageTypeDefinition<_gan_train_v1_WatchRequest, _gan_train_v1_WatchRequest__Output>
    }
  }
}

