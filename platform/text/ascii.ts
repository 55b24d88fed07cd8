import anyAscii from 'any-ascii';

/**
 * Transliterates a text of any script to ASCII: `Größe` becomes `Grosse`, `Щука` `Shchuka`, `茶` `Cha`. For URLs and
 * file names; no reader of the language would write it so.
 */
export const toAscii = (text: string): string =>
  // The Sámi letter is handled here, because `any-ascii` writes it by its sound.
  anyAscii(text.normalize('NFC').replaceAll('ŋ', 'n').replaceAll('Ŋ', 'N'));
