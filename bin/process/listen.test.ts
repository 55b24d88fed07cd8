import { expect, test } from '@jest/globals';
import { requireFreePort } from './listen.ts';

test('a port that there cannot be is refused with the variable that gives it', async () => {
  const options = { port: 65_536, host: '127.0.0.1', variable: 'PORT', command: 'npm start' };
  await expect(requireFreePort(options)).rejects.toMatchObject({
    code: 'CANNOT_LISTEN',
    message: expect.stringContaining('Choose another with PORT'),
  });
});
