export {
  createMembership,
  type Config,
  type Membership,
  type MembershipOptions,
  type Probe,
  type Readiness,
  type TrainerActions,
} from './membership.js';
