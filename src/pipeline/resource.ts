// Called once by start-pipeline.ts: what is said about this process, beside every span.
import { createRequire } from 'node:module';
import { arch, hostname, release, type as osType } from 'node:os';
import { type Attributes, diag } from '@opentelemetry/api';
import { SDK_INFO } from '@opentelemetry/core';
import {
  type Resource,
  type ResourceDetector,
  detectResources,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
  ATTR_TELEMETRY_DISTRO_NAME,
  ATTR_TELEMETRY_DISTRO_VERSION,
} from '@opentelemetry/semantic-conventions';
import type { Config } from '../config/config.ts';
import { process, title } from '../natives.ts';

export interface ResourceOptions {
  readonly config: Config;
  readonly redactAttribute: (name: string, value: string) => string;
  readonly agentVersion: string;
  /** What is known of where the process runs; what is configured goes over it. */
  readonly platform?: Attributes | undefined;
}

/** Attribute names of the conventions that are not stable yet, and so not among the package's constants. */
const DETECTORS: Readonly<Record<string, () => Attributes>> = {
  host: () => ({ 'host.name': hostname(), 'host.arch': toHostArch(arch()) }),
  os: () => ({ 'os.type': toOsType(osType()), 'os.version': release() }),
  // Neither process.command_args nor process.command_line: secrets are given on command lines (semantic-conventions#626).
  process: () => ({
    'process.pid': process.pid,
    'process.executable.name': title.split(/[\\/ ]/)[0] || 'node',
    'process.executable.path': process.execPath,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    'process.runtime.description': 'Node.js',
  }),
};

/** Of the SDK's own facts: it also says `process.runtime.name: node`, which the conventions and the detector call nodejs. */
const TELEMETRY: Attributes = Object.fromEntries(
  Object.entries(SDK_INFO).filter(([name]) => name.startsWith('telemetry.')),
);

const CLOUD_PACKAGES: Readonly<Record<string, string>> = {
  alibaba: '@opentelemetry/resource-detector-alibaba-cloud',
  aws: '@opentelemetry/resource-detector-aws',
  azure: '@opentelemetry/resource-detector-azure',
  container: '@opentelemetry/resource-detector-container',
  gcp: '@opentelemetry/resource-detector-gcp',
};

/** Detectors, then the configured attributes over them, then the service's own names over all. Every text is redacted. */
export function createResource({ config, redactAttribute, agentVersion, platform }: ResourceOptions): Resource {
  const names = config['resource.detectors'];
  const attributes: Attributes = {};
  for (const name of names) Object.assign(attributes, DETECTORS[name]?.());
  Object.assign(attributes, platform);
  Object.assign(attributes, config['resource.attributes']);
  setWhereGiven(attributes, ATTR_SERVICE_NAME, config['service.name']);
  setWhereGiven(attributes, ATTR_SERVICE_VERSION, config['service.version']);
  setWhereGiven(attributes, 'deployment.environment.name', config['service.environment']);
  attributes[ATTR_SERVICE_NAME] ??= `unknown_service:${process.release.name}`;
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'string') attributes[name] = redactAttribute(name, value);
  }
  Object.assign(attributes, TELEMETRY);
  attributes[ATTR_TELEMETRY_DISTRO_NAME] = '@tracing/agent';
  attributes[ATTR_TELEMETRY_DISTRO_VERSION] = agentVersion;
  const own = resourceFromAttributes(attributes);
  const cloud = names.flatMap((name) => loadCloudDetectors(CLOUD_PACKAGES[name]));
  return cloud.length === 0 ? own : detectResources({ detectors: cloud }).merge(own);
}

function setWhereGiven(attributes: Attributes, name: string, value: string | undefined): void {
  if (value !== undefined && value !== '') attributes[name] = value;
}

/** Cloud detectors come from packages that the program installs itself: they ask metadata services, so they run only when named. */
function loadCloudDetectors(name: string | undefined): ResourceDetector[] {
  if (name === undefined) return [];
  try {
    const loaded: unknown = createRequire(`${process.cwd()}/`)(name);
    if (typeof loaded !== 'object' || loaded === null) return [];
    const detectors: unknown[] = Object.values(loaded).filter((value) => typeof value?.detect === 'function');
    return detectors as ResourceDetector[];
  } catch {
    diag.warn(`resource.detectors: ${name} is not installed; npm install ${name}`);
    return [];
  }
}

/** The conventions' names of Node's `os.arch()`. */
function toHostArch(name: string): string {
  return { x64: 'amd64', arm: 'arm32', ia32: 'x86', ppc: 'ppc32' }[name] ?? name;
}

/** The conventions' names of Node's `os.type()`. */
function toOsType(name: string): string {
  return name === 'Windows_NT' ? 'windows' : name === 'SunOS' ? 'solaris' : name.toLowerCase();
}
