import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addPerson } from '../../cli/add-person.ts';
import { type Deployment, deploymentOf } from '../../cli/deployment.ts';
import { enrol } from '../../cli/enrol.ts';
import { Failure } from '../../cli/failure.ts';
import { type Operator, operatorOf } from '../../cli/operator.ts';
import { addEnrolled } from '../../cli/users.ts';
import { signIn } from '../../examples/plain-client/sign-in.mjs';
import { keys } from '../../functions/store/keys.ts';
import { newPassword } from '../../functions/wiring/passwords.ts';
import { loseReply, refuse } from '../../local/front-door/faults.ts';
import { AwsError } from '../../local/front-door/service.ts';
import { type Run, startRun } from '../fixtures/running.ts';

let run: Run;
let deployment: Deployment;
let operator: Operator;

beforeAll(async () => {
  run = await startRun();
  const { outputs, awsEndpointUrl, administrator } = run.stack;
  deployment = deploymentOf({ ...outputs, Local: { AwsEndpointUrl: awsEndpointUrl } }, administrator);
  operator = operatorOf(deployment);
});
afterAll(() => run.close());

const denied = refuse(new AwsError('AccessDeniedException', 'not authorized to perform: dynamodb:PutItem'));
const profileOf = async (id: string) => {
  const { Item } = await operator.tables.send(
    new GetCommand({ TableName: deployment.peopleTable, Key: keys.profile(id) }),
  );
  return Item;
};

describe('wardline users add', () => {
  test('makes a profile with the roles and a user who can sign in, under one id that says nothing', async () => {
    const person = await addPerson(operator, 'staff-1', ['staff', 'clinician']);
    expect(person.id).toMatch(/^[a-z2-7]{26}$/);
    expect(await profileOf(person.id)).toEqual({
      ...keys.profile(person.id),
      roles: ['staff', 'clinician'],
      sub: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const { password, totpSecret } = await enrol(
      deployment,
      'staff-1',
      person.temporaryPassword ?? '',
      newPassword(),
    );
    const { accessToken } = await signIn(run.deployment, { username: 'staff-1', password, totpSecret });
    const [, claims = ''] = accessToken.split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      person: person.id,
      roles: 'staff clinician',
    });
  });

  test('that failed at the profile says what stands, and the same command again finishes it under the same id', async () => {
    const mended = run.stack.faults.add({ operation: 'PutItem', effect: denied });
    const failure = await failed(addPerson(operator, 'staff-2', ['staff']));
    mended();
    expect(failure.exitCode).toBe(3);
    const [, id = ''] = /the user staff-2 stands as the person (\w{26})/.exec(failure.message) ?? [];
    expect(failure.message).toMatch(/not authorized.*same command again/);
    expect(await profileOf(id)).toBeUndefined();

    const again = await addPerson(operator, 'staff-2', ['staff']);
    expect(again.id).toBe(id);
    expect(await profileOf(id)).toMatchObject({ roles: ['staff'] });
    await enrol(deployment, 'staff-2', again.temporaryPassword ?? '', newPassword());
  });

  test('whose answers are lost on the way makes one person all the same', async () => {
    for (const operation of ['AdminCreateUser', 'PutItem']) {
      run.stack.faults.add({ operation, times: 1, effect: loseReply() });
    }
    const person = await addPerson(operator, 'staff-3', ['staff']);
    expect(await profileOf(person.id)).toMatchObject({ roles: ['staff'] });
    await enrol(deployment, 'staff-3', person.temporaryPassword ?? '', newPassword());
  });

  test('again gives a new temporary password, and the old one is worth nothing', async () => {
    const first = await addPerson(operator, 'staff-4', ['staff']);
    const second = await addPerson(operator, 'staff-4', ['staff']);
    expect(second.id).toBe(first.id);
    await expect(
      enrol(deployment, 'staff-4', first.temporaryPassword ?? '', newPassword()),
    ).rejects.toThrow();
    await enrol(deployment, 'staff-4', second.temporaryPassword ?? '', newPassword());
  });

  test('leaves somebody who has signed in alone', async () => {
    const { id, password, totpSecret } = await addEnrolled(deployment, 'staff-5', ['staff']);
    expect(await addPerson(operator, 'staff-5', ['staff'])).toEqual({
      id,
      username: 'staff-5',
      roles: ['staff'],
    });
    expect((await failed(addEnrolled(deployment, 'staff-5', ['staff']))).exitCode).toBe(1);
    await signIn(run.deployment, { username: 'staff-5', password, totpSecret });
  });

  test('notes what the pool calls somebody whose profile was made before that was kept', async () => {
    const { id } = await addPerson(operator, 'staff-9', ['staff']);
    const { sub, ...before } = (await profileOf(id)) ?? {};
    await operator.tables.send(new PutCommand({ TableName: deployment.peopleTable, Item: before }));
    await addPerson(operator, 'staff-9', ['staff']);
    expect(await profileOf(id)).toEqual({ ...before, sub });
  });

  test('with other roles than those that stand changes nothing and says so', async () => {
    const { id, temporaryPassword } = await addPerson(operator, 'staff-6', ['patient']);
    const failure = await failed(addPerson(operator, 'staff-6', ['patient', 'staff']));
    expect(failure).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('with the roles patient,'),
    });
    expect(await profileOf(id)).toMatchObject({ roles: ['patient'] });
    await enrol(deployment, 'staff-6', temporaryPassword ?? '', newPassword()); // the password told first still counts
  });

  test('gives nobody an office beside another role', async () => {
    const failure = await failed(addPerson(operator, 'staff-10', ['administrator', 'clinician']));
    expect(failure).toMatchObject({ exitCode: 2, message: expect.stringContaining('held alone') });
    expect((await addPerson(operator, 'staff-10', ['privacy-officer'])).roles).toEqual(['privacy-officer']);
  });

  test('where nothing answers asks whether the local run is running', async () => {
    const elsewhere = operatorOf({ ...deployment, endpoint: 'http://127.0.0.1:9' });
    const failure = await failed(addPerson(elsewhere, 'staff-7', ['staff']));
    expect(failure).toMatchObject({ exitCode: 3, message: expect.stringContaining('npm start') });
  });

  test('enrols on a run whose clock was turned', async () => {
    run.stack.clock.advance(40 * 24 * 60 * 60 * 1000);
    const person = await addEnrolled(deployment, 'staff-8', ['staff']);
    expect(person.totpSecret).toMatch(/^[A-Z2-7]{32,}$/);
  });
});

async function failed(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof Failure) return error;
  throw error;
}
