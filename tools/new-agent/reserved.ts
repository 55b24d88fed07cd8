/**
 * Words that cannot name a room, its table or its code: reserved by PostgreSQL or by ECMAScript, or ours. The last line
 * has what the template's own code and the generated types are called.
 */
export const RESERVED = new Set(
  `all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current
   default deferrable desc distinct do else end except false fetch for foreign from grant group having in initially
   intersect into lateral leading limit localtime localtimestamp not null offset on only or order placing primary
   references returning select session some symmetric system table then to trailing true union unique user using
   variadic when where window with
   abstract arguments async await boolean break byte catch char class const continue debugger delete double enum eval
   export extends final finally float function goto if implements import instanceof int interface let long native new
   package private protected public return short static super switch synchronized this throw throws transient try
   typeof undefined var void volatile while yield
   agent dbos file information index name node platform postgres query mutation subscription shared
   actor archive clock connection context id payload promise resolvers rows version work`.split(/\s+/),
);
