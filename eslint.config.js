import js from '@eslint/js';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Packages a folder must not import; the dependency rule of ARCHITECTURE.md. */
const forbid = (files, patterns, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: patterns, message }] }] },
});

export default tseslint.config(
  {
    ignores: [
      '.cache/',
      'build/',
      '**/dist/',
      '**/node_modules/',
      'runs/',
      'libs/rpc/src/gen/',
      'libs/*/assembly/',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver': { typescript: { alwaysTryTypes: true } } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'import-x/no-relative-packages': 'error',
      eqeqeq: 'error',
    },
  },
  {
    // A package declares what it imports; what tests import is the root's.
    files: ['**/src/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/testing.ts', '**/testing/**'],
    rules: { 'import-x/no-extraneous-dependencies': 'error' },
  },
  {
    files: ['**/*.{js,mjs}', '*.config.ts', '**/vitest.config.ts'],
    rules: { 'import-x/no-default-export': 'off' },
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        performance: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
  forbid(
    ['libs/**/*.ts'],
    '^@gan-train/(coordinator|trainer|cli)',
    'libs never import services or the command.',
  ),
  forbid(
    ['libs/gan/src/**/*.ts'],
    '^(?!\\.|@tensorflow/|vitest$|fast-check$)',
    'libs/gan imports TensorFlow.js and nothing else.',
  ),
  forbid(
    ['services/coordinator/**/*.ts'],
    '^@gan-train/(trainer|cli)|^@tensorflow/',
    'The coordinator imports neither trainer nor cli, and never touches a tensor.',
  ),
  forbid(
    ['services/trainer/**/*.ts'],
    '^@gan-train/(coordinator|cli)',
    'The trainer imports neither coordinator nor cli.',
  ),
);
