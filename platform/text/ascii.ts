import anyAscii from 'any-ascii';

/**
 * A text in the letters of ASCII, whatever it is written in: `Größe` becomes `Grosse`, `Щука` `Shchuka`, `茶` `Cha`. For
 * addresses and file names; no reader of the language would write it so.
 */
export const toAscii = (text: string): string =>
  // The Sámi letter by itself, because `any-ascii` writes it by its sound.
  anyAscii(text.normalize('NFC').replaceAll('ŋ', 'n').replaceAll('Ŋ', 'N'));
