export { trainerMain, type TrainerOptions } from './main.js';
