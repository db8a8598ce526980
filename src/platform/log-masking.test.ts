import fc from 'fast-check';
import { isSecretName, maskFields, maskText } from './log-masking.js';
import { MASK, withoutSecrets } from './text-secrets.js';

const CARD = '4111 1111 1111 1111';
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123';

describe('names', () => {
  test.each([
    'password',
    'newPassword',
    'password_hash',
    'passwd',
    'pwd',
    'token',
    'accessToken',
    'refresh_token',
    'x-csrf-token',
    'Authorization',
    'proxy-authorization',
    'cookie',
    'Set-Cookie',
    'pin',
    'newPin',
    'PIN',
    'pinHash',
    'pincode',
    'card',
    'cardNumber',
    'card_number',
    'pan',
    'cvc',
    'CVV2',
    'secret',
    'clientSecret',
    'apiKey',
    'x-api-key',
    'privateKey',
    'pepper',
    'otp',
    'jwt',
    'credentials',
  ])('%s hides its value', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  test.each([
    'shipping',
    'mapping',
    'pinned',
    'company',
    'discarded',
    'wildcard',
    'author',
    'pass',
    'passThrough',
    'spanId',
    'expandedAt',
    'opinion',
    'idempotencyKey',
    'restaurantId',
    'status',
    'table',
    'key',
  ])('%s does not', (name) => {
    expect(isSecretName(name)).toBe(false);
  });

  test('are judged alike however many have been seen', () => {
    for (let at = 0; at < 10_000; at++) isSecretName(`field${at}`);
    expect(isSecretName('pin')).toBe(true);
    expect(isSecretName('field7')).toBe(false);
  });
});

describe('texts', () => {
  test.each([
    ['Authorization: Bearer abc.def-123', 'abc.def-123'],
    ['basic dXNlcjpodW50ZXIy', 'dXNlcjpodW50ZXIy'],
    [`jwt malformed: ${JWT}`, 'eyJzdWIiOiIxIn0'],
    [`paid with ${CARD} today`, '1111 1111'],
    ['paid with 5500-0000-0000-0004', '5500'],
    ['amex 378282246310005', '378282246310005'],
    ['mongodb://brigade:hunter2@db:27017/x', 'hunter2'],
    ['/reset?token=hunter2&x=1', 'hunter2'],
    ['/login?user=a&PIN=4711', '4711'],
    ['body {"email":"a@b.c","password":"hunter\\"2"} refused', 'hunter'],
    ["{ password: 'hunter2' }", 'hunter2'],
    ['api_key = hunter2', 'hunter2'],
  ])('%s is masked', (text, secret) => {
    const masked = maskText(text);
    expect(masked).not.toContain(secret);
    expect(masked).toContain(MASK);
  });

  test.each([
    'GET /api/v1/orders/65f0c0ffee65f0c0ffee1234',
    'order 4111111111111112 is no card: its check digit is wrong',
    'at 1763714917123 ms',
    '0190f3a4-7b1e-7c3d-9a57-0f8f4d1c2b3a',
    'hex 4111111111111111abcdef is part of a longer word',
    'Table 12: 2 x soup, 1 x steak',
    '',
  ])('%s stays as it is', (text) => {
    expect(maskText(text)).toBe(text);
  });

  test('keep what stands around the secret', () => {
    expect(maskText('/reset?token=hunter2&x=1')).toBe(`/reset?token=${MASK}&x=1`);
    expect(maskText('mongodb://u:p@db:27017/x')).toBe(`mongodb://${MASK}@db:27017/x`);
  });

  test('are cut when they are huge, and a card at the cut is no half secret', () => {
    const text = `${'x '.repeat(4090)}${CARD}${' y'.repeat(50_000)}`;
    const masked = maskText(text);
    expect(masked.length).toBeLessThan(8300);
    expect(masked).not.toContain('4111');
    expect(masked).toContain(`[${text.length} characters]`);
  });

  const work = (text: string): number => {
    let characters = 0;
    withoutSecrets(text, (more) => {
      characters += more;
    });
    return characters;
  };
  const evil = fc.constantFrom(
    ...[
      'eyJ',
      '"password',
      'password="',
      "pin='",
      'pin',
      'pin=',
      'pin="\\',
      'token:',
      '4 ',
      '4-',
      '://',
      '://a@',
      "'",
      '"',
      '\\',
    ],
    ...['bearer ', ' ', '=', ':', 'a', 'f', '.', '0123456789abcdef01234567', '0123456789abcdef01234567.1.', '\n', 'é'],
  );

  test('twice as long takes twice the work, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.array(evil, { minLength: 1, maxLength: 6 }), fc.array(evil, { maxLength: 3 }), (parts, head) => {
        const text = (times: number) => head.join('') + parts.join('').repeat(times);
        expect(work(text(800))).toBeLessThan(2.2 * work(text(400)) + 200);
        expect(work(text(800))).toBeLessThan(12 * text(800).length + 200);
      }),
      { numRuns: 400 },
    );
  });

  const id = '0123456789abcdef01234567';
  const digest = 'b'.repeat(64);
  test.each([
    ['a refresh token', `${id}.12.${digest}`],
    ['a device token', `${id}.${digest}`],
    ['an access token', JWT],
  ])('%s is masked wherever it stands', (_what, token) => {
    for (const text of [`/api/v1/x/${token}/y`, `no session ${token}.`, `x=${token}`, `"${token}"`, `a-${token}`]) {
      expect(maskText(text)).not.toContain(token.slice(-20));
      expect(maskText(text)).toContain(MASK);
    }
    // Cut in two, its first half is no less a secret.
    const path = `/${'a'.repeat(480)}/${token}`;
    expect(maskText(path, 512)).not.toContain(token.slice(26, 46));
    expect(maskText(path, 512).length).toBeLessThan(560);
  });

  test('a quote that is not closed hides the rest', () => {
    expect(maskText('{"password":"hunter2 and mor')).toBe(`{"password":${MASK}`);
  });
});

describe('fields', () => {
  test('are masked wherever they are nested', () => {
    const cause = Object.assign(new Error('password=hunter2'), { config: { headers: { Authorization: 'hunter2' } } });
    const fields = {
      user: { password: 'hunter2', name: 'Ana' },
      list: [{ pin: 4711 }, { deep: [{ token: { value: 'hunter2' } }] }],
      map: new Map<unknown, unknown>([
        ['secret', 'hunter2'],
        ['table', 12],
        [{ pin: 'hunter2' }, 1],
      ]),
      set: new Set(['Bearer hunter2', 'soup']),
      query: new URLSearchParams('pin=hunter2&table=12'),
      error: new AggregateError([new Error('token: hunter2')], 'failed', { cause }),
      number: 4_111_111_111_111_111,
      big: 4_111_111_111_111_111n,
      document: { toJSON: () => ({ _id: 'a1', refreshToken: 'hunter2' }) },
      'Bearer hunter2': 1,
      bytes: Buffer.from('hunter2'),
      array: new Uint8Array([1, 2, 3]),
    };
    const text = JSON.stringify(maskFields(fields));
    expect(text).not.toMatch(/hunter2|4711|4111111/);
    expect(JSON.parse(text)).toMatchObject({
      user: { password: MASK, name: 'Ana' },
      list: [{ pin: MASK }, { deep: [{ token: MASK }] }],
      map: { secret: MASK, table: 12 },
      set: [`Bearer ${MASK}`, 'soup'],
      query: { pin: MASK, table: '12' },
      error: {
        name: 'AggregateError',
        message: 'failed',
        errors: [{ name: 'Error', message: `token: ${MASK}` }],
        cause: { message: `password=${MASK}`, config: { headers: { Authorization: MASK } } },
      },
      number: MASK,
      big: MASK,
      document: { _id: 'a1', refreshToken: MASK },
      bytes: '[7 bytes]',
      array: '[3 bytes]',
    });
  });

  test('tell whether a secret is there at all', () => {
    expect(maskFields({ token: null, pin: undefined, pinSet: true, password: '' })).toEqual({
      token: null,
      pin: undefined,
      pinSet: true,
      password: '',
    });
  });

  test('stay what they were for the caller', () => {
    const fields = Object.freeze({ password: 'hunter2', list: Object.freeze([Object.freeze({ pin: '1' })]) });
    maskFields(fields);
    expect(fields).toEqual({ password: 'hunter2', list: [{ pin: '1' }] });
  });

  test('may be circular, deep, endless or hostile', () => {
    const circle: Record<string, unknown> = { name: 'a', at: new Date(NaN) };
    circle.self = circle;
    circle.pair = [circle.name, circle.name];
    circle.long = Array.from({ length: 500 }, (_, at) => at);
    circle.run = () => 1;
    let deep: object = {};
    for (let at = 0; at < 1000; at++) deep = { deep };
    circle.deep = deep;
    circle.thrower = {
      get boom() {
        throw new Error('no');
      },
    };
    circle.proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    circle.polluting = JSON.parse('{"__proto__": {"polluted": true}, "kept": 1}');
    const masked = maskFields(circle);
    expect(masked).toMatchObject({
      self: '[circular]',
      pair: ['a', 'a'],
      at: '[invalid date]',
      run: '[function]',
      thrower: '[unreadable]',
      proxy: '[unreadable]',
    });
    expect(masked.polluting).toEqual({ kept: 1 });
    expect((masked.polluting as { polluted?: boolean }).polluted).toBeUndefined();
    expect(masked.long).toHaveLength(101);
    expect(JSON.stringify(masked).length).toBeLessThan(2000);
  });

  test('that hold no secret come out as JSON would have them (any value)', () => {
    const harmless = fc.string().filter((text) => maskText(text) === text);
    const name = fc
      .string()
      .filter((text) => text !== '__proto__' && text !== 'toJSON' && !isSecretName(text) && maskText(text) === text);
    const tree = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        harmless,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(name, tie('value'), { maxKeys: 5 }),
      ),
    })).value;
    fc.assert(
      fc.property(fc.dictionary(name, tree, { maxKeys: 5 }), (fields) => {
        expect(JSON.parse(JSON.stringify(maskFields(fields)))).toEqual(JSON.parse(JSON.stringify(fields)));
      }),
    );
  });

  test('never throw and never leak a password (any value)', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withMap: true,
          withSet: true,
          withDate: true,
          withBigInt: true,
          withTypedArray: true,
          withNullPrototype: true,
        }),
        (value) => {
          const text = JSON.stringify(maskFields({ value, nested: { value, password: 'hunter2-of-mine' } }));
          expect(text).not.toContain('hunter2-of-mine');
        },
      ),
    );
  });
});
