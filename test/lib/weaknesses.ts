import { type Placed, resources, type Templates } from '../fixtures/template.ts';
import { disjoint } from './disjoint.ts';
import { ofApis } from './weaknesses/apis.ts';
import { ofDoors } from './weaknesses/doors.ts';
import type { Look } from './weaknesses/look.ts';
import { ofRoles } from './weaknesses/roles.ts';
import { ofSignIn } from './weaknesses/sign-in.ts';
import { ofStores } from './weaknesses/stored.ts';
import { ofWatching } from './weaknesses/watching.ts';

/**
 * Everything that makes these templates weaker than promised, one sentence each; none in a good template. One list for the
 * test of the templates and for the test that takes each property away and wants it missed.
 */
export function weaknesses(templates: Templates): string[] {
  return resources(templates).flatMap((resource) => weaknessesOf(resource, templates));
}

/** Those that show in one resource, whatever they do to others. */
export function weaknessesOf(resource: Placed, templates: Templates): string[] {
  const look = looks[resource.Type];
  const found = look ? look(resource, templates) : ['is of a type that nobody looks at'];
  return found.map((what) => `${resource.stack}/${resource.path} (${resource.Type}) ${what}`);
}

const looks: Readonly<Record<string, Look>> = disjoint(
  ofStores,
  ofSignIn,
  ofDoors,
  ofRoles,
  ofApis,
  ofWatching,
);
