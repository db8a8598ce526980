/** Who may import whom. Each rule carries its reason; a circle is always an error. */
const feature = '^src/features/([^/]+)/';
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'In a circle nothing can be understood, tested or replaced alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'kernel-imports-nothing-of-ours',
      comment:
        'The kernel is what a feature is made of: learned once, without any knowledge of databases or transports.',
      severity: 'error',
      from: { path: '^src/kernel/' },
      to: { path: '^(src/(?!kernel/)|packages/)' },
    },
    {
      name: 'kernel-does-no-io',
      comment: 'Pure declarations and rules run anywhere: in a test, in the contract generator, in the browser.',
      severity: 'error',
      from: { path: '^src/kernel/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'platform-knows-only-kernel',
      comment: 'A door to the outside serves every feature and so may know none.',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/(runtime|transports|features|contract|app|main)' },
    },
    {
      name: 'runtime-knows-no-feature-and-no-transport',
      comment: 'The life of an operation is the same for all features, whichever door the request came through.',
      severity: 'error',
      from: { path: '^src/runtime/' },
      to: { path: '^src/(transports|features|contract|app|main)' },
    },
    {
      name: 'transports-know-no-feature',
      comment: 'A transport serves declarations; knowing a feature would make REST and socket drift apart.',
      severity: 'error',
      from: { path: '^src/transports/' },
      to: { path: '^src/(features|contract|app|main)' },
    },
    {
      name: 'contract-knows-only-declarations',
      comment: 'The documents are derived from declarations; anything else in them would be a second truth.',
      severity: 'error',
      from: { path: '^src/contract/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/(runtime|transports|features|platform|app|main)' },
    },
    {
      name: 'features-know-no-runtime-and-no-transport',
      comment: 'A feature is data and small functions; how they are run is not its business.',
      severity: 'error',
      from: { path: '^src/features/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/(runtime|transports|contract|app|main|features\\.ts)' },
    },
    {
      name: 'features-meet-at-the-index',
      comment: 'What a feature offers to others is its index.ts; the rest may change freely.',
      severity: 'error',
      from: { path: feature, pathNot: '\\.test\\.ts$' },
      to: { path: '^src/features/[^/]+/', pathNot: ['^src/features/$1/', '^src/features/[^/]+/index\\.ts$'] },
    },
    {
      name: 'packages-stand-alone',
      comment: 'The client runs in browsers and the database is worth publishing: neither may know the server.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '^src/' },
    },
    {
      name: 'nothing-imports-tests',
      comment: 'Shipped code does not depend on what proves it.',
      severity: 'error',
      from: { path: '^(src|packages/[^/]+/src)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^tests/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
      extensions: ['.ts', '.js'],
    },
  },
};
