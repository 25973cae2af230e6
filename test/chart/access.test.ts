import { describe, expect, it } from 'vitest';
import type { RbacV1Subject, V1PolicyRule, V1RoleRef } from 'kubernetes-client';
import { helm4, helms, render } from './helm.js';
import { ofKind, only, podOf } from './manifests.js';

interface Role {
  rules: V1PolicyRule[];
}

interface Binding {
  roleRef: V1RoleRef;
  subjects: RbacV1Subject[];
}

describe.each(helms)('$name', (helm) => {
  it('gives the coordinator what it needs, and nothing else', async () => {
    const objects = await render(helm);
    expect(only<Role>(objects, 'Role', 'gan-train-coordinator').rules).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
      {
        apiGroups: ['apps'],
        resources: ['statefulsets'],
        resourceNames: ['gan-train-trainer'],
        verbs: ['list', 'watch'],
      },
      {
        apiGroups: ['apps'],
        resources: ['statefulsets/scale'],
        resourceNames: ['gan-train-trainer'],
        verbs: ['patch'],
      },
      { apiGroups: [''], resources: ['events'], verbs: ['create'] },
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: ['gan-train-status'],
        verbs: ['get', 'patch'],
      },
    ]);
  });

  it('gives it to the account of the coordinator, and to nobody else', async () => {
    const objects = await render(helm, { variant: 'everything' });
    const { roleRef, subjects } = only<Binding>(objects, 'RoleBinding', 'faces-coordinator');
    expect(roleRef).toEqual({
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'Role',
      name: 'faces-coordinator',
    });
    expect(subjects).toEqual([{ kind: 'ServiceAccount', name: 'faces-leader' }]);
    expect(podOf(objects, 'faces-coordinator').spec.serviceAccountName).toBe('faces-leader');
    for (const name of ['faces-trainer', 'faces-test'])
      expect(podOf(objects, name).spec.serviceAccountName).not.toBe('faces-leader');
  });

  it('knows no other rights', async () => {
    for (const variant of ['default', 'everything', 'minimal']) {
      const kinds = (await render(helm, { variant })).map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind.startsWith('Cluster'))).toEqual([]);
      const count = variant === 'minimal' ? 0 : 1;
      for (const kind of ['Role', 'RoleBinding'])
        expect(kinds.filter((each) => each === kind)).toHaveLength(count);
    }
  });
});

describe('accounts', () => {
  it('are those that are there where the chart makes none', async () => {
    const objects = await render(helm4, { variant: 'minimal' });
    expect(ofKind(objects, 'ServiceAccount')).toEqual([]);
    expect(podOf(objects, 'gan-train-coordinator').spec.serviceAccountName).toBe('leader');
    expect(podOf(objects, 'gan-train-trainer').spec.serviceAccountName).toBe('default');
  });

  it('carry their annotations', async () => {
    const objects = await render(helm4, { variant: 'everything' });
    expect(only(objects, 'ServiceAccount', 'faces-leader').metadata.annotations).toEqual({
      'iam.example.com/role': 'reader',
    });
  });
});
