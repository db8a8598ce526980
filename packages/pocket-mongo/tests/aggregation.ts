import { BSON, type Db, type Document } from 'mongodb';

/** The results of a pipeline over given documents, in canonical extended JSON so that types show. */
export async function typed(db: Db, documents: Document[], pipeline: Document[]): Promise<unknown[]> {
  const rows = await db
    .aggregate([{ $documents: { $literal: documents } }, ...pipeline], { promoteValues: false, promoteLongs: false })
    .toArray();
  return rows.map((row) => canonical(row));
}

export function canonical(value: unknown): unknown {
  return JSON.parse(BSON.EJSON.stringify(value, { relaxed: false }));
}

/** The value of an expression over a document; `undefined` when it is missing. */
export async function evaluate(db: Db, expression: unknown, document: Document = {}): Promise<unknown> {
  const [row] = (await typed(db, [document], [{ $replaceWith: { r: expression } }])) as { r?: unknown }[];
  return row?.r;
}

/** The code of the error that an expression gives. */
export async function codeOf(db: Db, expression: unknown, document: Document = {}): Promise<unknown> {
  return evaluate(db, expression, document).then(
    () => 'no error',
    (error: { code?: unknown }) => (error.code === undefined ? error : Number(error.code)),
  );
}

export const int = (value: number) => ({ $numberInt: String(value) });
export const long = (value: number | string) => ({ $numberLong: String(value) });
export const double = (value: number | string) => ({
  $numberDouble: typeof value === 'number' && Number.isInteger(value) ? `${value}.0` : String(value),
});
export const decimal = (value: string) => ({ $numberDecimal: value });
export const date = (value: string) => ({ $date: { $numberLong: String(new Date(value).getTime()) } });
