import * as client from 'kubernetes-client';
import type { Manifest } from './manifests.js';

interface Field {
  baseName: string;
  type: string;
}

interface Model {
  getAttributeTypeMap(): readonly Field[];
}

/** Kinds that are no part of Kubernetes. */
const foreign = ['cert-manager.io/v1', 'monitoring.coreos.com/v1'];

/** Fields of an object that Kubernetes doesn't know, or whose values it would refuse for their type. */
export function unknownFields(object: Manifest): string[] {
  if (foreign.includes(object.apiVersion)) return [];
  return problemsIn(object, `V1${object.kind}`, object.kind);
}

function problemsIn(value: unknown, type: string, path: string): string[] {
  const [, items] = /^(?:Array|Set)<(.*)>$/.exec(type) ?? [];
  if (items !== undefined) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((item, i) => problemsIn(item, items, `${path}[${i}]`));
  }
  const [, values] = /^\{ \[key: string\]: (.*); \}$/.exec(type) ?? [];
  if (values !== undefined) {
    if (!isObject(value)) return [`${path} is no map`];
    return Object.entries(value).flatMap(([key, item]) => problemsIn(item, values, `${path}.${key}`));
  }
  if (type === 'any') return [];
  if (type === 'IntOrString')
    return ['string', 'number'].includes(typeof value) ? [] : [`${path} is ${typeof value}`];
  const model = (client as unknown as Record<string, Model | undefined>)[type];
  if (model === undefined) return typeof value === type ? [] : [`${path} is ${typeof value}, not ${type}`];
  if (!isObject(value)) return [`${path} is no ${type}`];
  const fields = new Map(model.getAttributeTypeMap().map((field) => [field.baseName, field.type]));
  return Object.entries(value).flatMap(([key, item]) => {
    const of = fields.get(key);
    return of === undefined ? [`${path}.${key} is unknown`] : problemsIn(item, of, `${path}.${key}`);
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
