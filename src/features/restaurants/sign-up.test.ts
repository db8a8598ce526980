import { type Brigade, callRest, logIn, startBrigade } from '../../../tests/harness/index.js';

/** Each server alone: a process has one database. */
let server: Brigade | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

let counter = 0;
function signUp() {
  counter += 1;
  return {
    restaurant: { name: 'The Lantern', currency: 'GBP', timeZone: 'Europe/London', locale: 'en-GB' },
    owner: { name: 'Ada', email: `ada-${counter}@lantern.example`, password: 'four tables by the window' },
  };
}

const ask = (brigade: Brigade, body: object, key?: string) =>
  callRest(brigade.url, undefined, 'restaurant:sign-up', body, key === undefined ? {} : { key });

describe('sign-up', () => {
  it('with SIGN_UP=first takes one of many who come at once, and refuses the others and later ones in words', async () => {
    server = await startBrigade({ SIGN_UP: 'first' });
    const brigade = server;
    const inputs = Array.from({ length: 8 }, signUp);
    const answers = await Promise.all(inputs.map((body, i) => ask(brigade, body, `first-${i}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403, 403, 403, 403, 403]);
    const refused = answers.find(({ status }) => status === 403)?.problem;
    expect(refused).toMatchObject({ code: 'forbidden', detail: expect.stringContaining('takes no more restaurants') });
    const winner = answers.findIndex(({ status }) => status === 201);
    const { owner } = inputs[winner]!;
    // Who was taken may ask again, and is told the same; with another key even they learn no more than a stranger.
    expect(await ask(brigade, inputs[winner]!, `first-${winner}`)).toMatchObject({ status: 201, replayed: true });
    expect(await ask(brigade, inputs[winner]!, 'another')).toMatchObject({ status: 403 });
    expect(await ask(brigade, signUp())).toMatchObject({ status: 403 });
    const ada = await logIn(brigade.url, owner.email, owner.password);
    expect(await ada.must('restaurant:get')).toEqual(answers[winner]?.data.restaurant);
  });

  it('with SIGN_UP=closed takes nobody', async () => {
    server = await startBrigade({ SIGN_UP: 'closed' });
    expect(await ask(server, signUp())).toMatchObject({ status: 403, problem: { code: 'forbidden' } });
  });
});
