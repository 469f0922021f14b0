// Makes the tables of better-auth in the file that is named, users through its API, and a few rows that its API would not make.
// Prints what better-auth itself reads of the users.
import { webcrypto } from "node:crypto";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { admin, phoneNumber, username } from "better-auth/plugins";
import { SqliteDialect } from "kysely";
import sqlite from "node-sqlite3-wasm";

globalThis.crypto ??= webcrypto;
const file = new sqlite.Database(process.argv[2]);
// As Kysely expects of the usual driver, which has to be compiled.
const database = {
  close: () => file.close(),
  prepare: (sql) => ({
    reader: /^\s*(select|pragma|with)\b|\breturning\b/i.test(sql),
    all: (values) => file.all(sql, values),
    run: (values) => {
      const { changes, lastInsertRowId } = file.run(sql, values);
      return { changes, lastInsertRowid: lastInsertRowId };
    },
  }),
};

const sent = {};
const auth = betterAuth({
  baseURL: "http://127.0.0.1",
  secret: "a secret of at least thirty-two characters",
  logger: { disabled: true },
  telemetry: { enabled: false },
  database: { dialect: new SqliteDialect({ database }), type: "sqlite" },
  emailAndPassword: { enabled: true, password: { hash: async () => "-", verify: async () => true } },
  emailVerification: { sendVerificationEmail: async ({ user, token }) => void (sent[user.email] = token) },
  plugins: [
    admin(),
    username(),
    phoneNumber({
      sendOTP: async ({ phoneNumber, code }) => void (sent[phoneNumber] = code),
      signUpOnVerification: { getTempEmail: (phone) => `${phone.slice(1)}@phone.example.com` },
    }),
  ],
});
await (await getMigrations(auth.options)).runMigrations();
const { adapter, internalAdapter } = await auth.$context;

const signUp = async (name, email, more) =>
  (await auth.api.signUpEmail({ body: { name, email, password: "correct horse", ...more } })).user.id;
const verify = async (email) => {
  await auth.api.sendVerificationEmail({ body: { email } });
  await auth.api.verifyEmail({ query: { token: sent[email] } });
};
await signUp("Ada Lovelace", "Ada@Example.com", { username: "Ada_L", image: "https://example.com/ada.png" });
await verify("ada@example.com");
await signUp("Ben", "ben@example.com");
await auth.api.sendPhoneNumberOTP({ body: { phoneNumber: "+447400123456" } });
await auth.api.verifyPhoneNumber({ body: { phoneNumber: "+447400123456", code: sent["+447400123456"] } });
const banned = await signUp("Cy", "cy@example.com");
await internalAdapter.updateUser(banned, { banned: true });
const again = await signUp("Di", "di@example.com");
await internalAdapter.updateUser(again, { banned: true, banExpires: new Date(Date.now() - 1000) });

// What another program, or an earlier version, may have left.
const left = {};
const spoil = async (what, sql, values) => {
  left[what] = await signUp(what, `${what}@example.com`);
  file.run(`UPDATE "user" SET ${sql} WHERE id = ?`, [...values, left[what]]);
};
await spoil("twin", "email = ?, emailVerified = 1", ["ADA@example.com"]);
await spoil("invalid", "email = ?", ["no address"]);
await spoil("national", "phoneNumber = ?", ["07400 123457"]);
await spoil("timeless", "createdAt = ?", ["yesterday"]);
await spoil("spaced", "username = ?", ["di d"]);

const users = (await adapter.findMany({ model: "user" })).filter((user) => !Object.values(left).includes(user.id));
console.log(JSON.stringify({ users, left }));
file.close();
