// The name judge folds every name here, so that case, separators, look-alike letters and invisible characters make no difference.

const LOOKALIKES: ReadonlyMap<string, string> = new Map(
  [
    // Cyrillic, Greek, Armenian, Cherokee, other Latin: each pair of rows maps letter by letter.
    ['аеорсхуктмнвіјѕԁԛԝһьӏ', 'aeopcxyktmhbijsdqwhbl'],
    ['АВЕКМНОРСТХУІЈЅ', 'ABEKMHOPCTXYIJS'],
    ['αοορτνκιευηωγχ', 'aooptvkieunwyx'],
    ['ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'ABEZHIKMNOPTYX'],
    ['օսոհցզѡҽѵүқҝկ', 'ounhgqwevykku'],
    ['ᎪᏴᏟᎬᎻᎫᏦᏞᎷᏢᏚᎢᎳᏙᏃ', 'ABCEHJKLMPSTWVZ'],
    ['ƙŧƥßϲ', 'ktpsc'],
    ['ıɡɑȷꜱᴛᴏᴋᴇɴᴀᴄᴘᴅʀᴡøłđ', 'igajstokenacpdrwold'],
  ].flatMap(([from = '', to = '']) => [...from].map((letter, at) => [letter, to.charAt(at)] as const)),
);
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{M}\u115f\u1160\u3164\uffa0\ufffd]/gu;
const ASCII = /^[\x20-\x7e]*$/;

/** A part of a name between `[ ] . / :` and `__`: its words in lower case, its chunks between separators, and all of it squashed. */
export interface NamePart {
  readonly words: readonly string[];
  readonly chunks: readonly string[];
  readonly squashed: string;
}

/** Splits a decoded name into parts, words and chunks. `user[apiKey]` gives the parts `user` and `api key`. */
export function foldName(name: string): readonly NamePart[] {
  const plain = ASCII.test(name) ? name : foldLetters(name);
  const parts: NamePart[] = [];
  for (const part of plain.split(/[[\]./:\\]|__+/)) {
    const pieces = part.split(/[^A-Za-z0-9]+/).filter((piece) => piece !== '');
    if (pieces.length === 0) continue;
    parts.push({
      words: pieces.flatMap(splitCase),
      chunks: pieces.map((piece) => piece.toLowerCase().replace(/\d{1,4}$/, '')),
      squashed: pieces.join('').toLowerCase(),
    });
  }
  return parts;
}

function foldLetters(name: string): string {
  let folded = '';
  for (const letter of name.normalize('NFKD').replace(INVISIBLE, '')) folded += LOOKALIKES.get(letter) ?? letter;
  return folded;
}

function splitCase(piece: string): readonly string[] {
  return (piece.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).map((word) => word.toLowerCase());
}
