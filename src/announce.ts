// Called by agent.ts and tracing.ts at each step of its start. Only `tracing doctor` listens, from inside the program; while nobody does, this is one look at a
// flag. The channel is no public API: who listens knows this version.
import { channel } from 'node:diagnostics_channel';
import type { ConfigResult } from './config/read-config.ts';
import type { Destination } from './exporters/destination.ts';
import type { SeenLibrary } from './instrumentations/libraries/library.ts';
import type { InstrumentationTools } from './instrumentations/tools.ts';

/** The name of the channel. */
export const AGENT_CHANNEL = 'tracing:agent';

/** Why the agent leaves a process alone. */
export type StandingAside = 'no program' | 'package manager' | 'disabled' | 'another SDK' | 'failed';

/** A step of the start. Who listens may write counters in front of the parts, before they are used. */
export type AgentStep =
  | { readonly step: 'configured'; readonly result: ConfigResult; readonly version: string }
  | { readonly step: 'standing aside'; readonly reason: StandingAside; readonly error?: unknown }
  | { readonly step: 'sending'; readonly destinations: readonly Destination[]; readonly hasConsole: boolean }
  | { readonly step: 'watching'; readonly tools: InstrumentationTools }
  | { readonly step: 'running'; readonly seenLibraries: () => readonly SeenLibrary[] };

const steps = channel(AGENT_CHANNEL);

/** Tells whoever listens. */
export function announce(step: AgentStep): void {
  if (steps.hasSubscribers) steps.publish(step);
}
