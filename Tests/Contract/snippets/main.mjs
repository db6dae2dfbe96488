// Reads cases as JSON and says, for each, what the README's function does: `node main.mjs MODULE FUNCTION`.
import { readFileSync } from "node:fs";

const [file, name] = process.argv.slice(2);
const { [name]: judge } = await import(file);
const cases = JSON.parse(readFileSync(0, "utf8"));
const said = cases.map((one) => judge(one.headers, Buffer.from(one.body, "base64"), one.key));
process.stdout.write(JSON.stringify(said));
