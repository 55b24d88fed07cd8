import { refuse } from '../errors.ts';
import { isMediaType, type MediaType } from './media-types.ts';

/** A purpose of files: what they may be. */
export interface FilePurpose {
  /** The media types that it allows. */
  types: readonly [MediaType, ...MediaType[]];
  /** The largest file, in bytes: at most 2,147,483,647. */
  maxBytes: number;
  /** How many days a file is kept once it is there. */
  keptDays: number;
  /** Whether clients may upload such files; else the agent alone makes them. @default false */
  isUploaded?: boolean;
}

/** The purposes of an agent's files, by name. */
export type FilePurposes = Readonly<Record<string, FilePurpose>>;

/** A file as a client announces it. */
export interface AnnouncedFile {
  purpose: string;
  mediaType: string;
  bytes: number;
}

/** The media type of a file that may be uploaded. @throws Refusal INVALID_INPUT, each with its path */
export function checkAnnounced(purposes: FilePurposes, { purpose, mediaType, bytes }: AnnouncedFile): MediaType {
  const rule = Object.hasOwn(purposes, purpose) ? purposes[purpose] : undefined;
  if (!rule?.isUploaded) {
    const uploaded = Object.keys(purposes).filter((name) => purposes[name]!.isUploaded);
    throw refuse('INVALID_INPUT', `Give one of these purposes: ${uploaded.join(', ')}.`, ['input', 'purpose']);
  }
  if (!isMediaType(mediaType) || !rule.types.includes(mediaType))
    throw refuse('INVALID_INPUT', `A file for this purpose is ${rule.types.join(' or ')}.`, ['input', 'mediaType']);
  if (bytes < 1 || bytes > rule.maxBytes)
    throw refuse('INVALID_INPUT', `A file for this purpose has 1 to ${rule.maxBytes.toLocaleString('en')} bytes.`, [
      'input',
      'bytes',
    ]);
  return mediaType;
}

/** When a file of this purpose that is stored now ends. One whose purpose is not declared any more is kept for a day. */
export const endOf = (purposes: FilePurposes, purpose: string, now: Date): Date =>
  new Date(now.getTime() + (purposes[purpose]?.keptDays ?? 1) * 86_400_000);
