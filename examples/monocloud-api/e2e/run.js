// Every endpoint, and every error class that the client base dispatches on and this API can answer with.
// Arguments in the environment: BASE, API_KEY, READ_KEY, SEEDED (a user with a passkey and a provider), BROKEN (a user of
// another server, BROKEN_BASE, whose row was damaged).
import assert from "node:assert/strict";
import * as sdk from "@monocloud/sdk-js-core";
import { UsersClient } from "./users-client.js";

const { BASE, API_KEY, READ_KEY, SEEDED, BROKEN, BROKEN_BASE } = process.env;
const client = new UsersClient(BASE, API_KEY);

async function rejects(promise, name, check = () => {}) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.constructor.name, name, `${error.constructor.name}: ${error.message}`);
    check(error);
    return true;
  });
}

// Users.
const created = await client.send("POST", "/users", { email: "ada@example.com", phone_number: "+441514960453", name: "Ada" });
assert.equal(created.status, 201);
const id = created.result.user_id;
const path = `/${id}`;
assert.equal((await client.user("GET", path)).user_id, id);
assert.equal((await client.user("POST", `${path}/disable`, { revoke_sessions: true })).disabled, true);
assert.equal((await client.user("POST", `${path}/enable`)).disabled, false);
assert.equal((await client.user("POST", `${path}/unblock`)).failure_count, 0);
assert.equal((await client.user("PUT", `${path}/username`, { username: "ada" })).username.username, "ada");
assert.equal((await client.user("DELETE", `${path}/username`)).username, null);

// E-mail addresses and phone numbers.
for (const [list, key, field, address] of [
  ["emails", "emails", "email", "countess@example.com"],
  ["phones", "phone_numbers", "phone_number", "+919988776655"],
]) {
  const added = await client.user("POST", `${path}/${list}`, { [field]: address, is_verified: false });
  const entry = `${path}/${list}/${added[key][1].id}`;
  assert.equal((await client.user("POST", `${entry}/verify`))[key][1].verified, true);
  assert.equal((await client.user("POST", `${entry}/primary`))[key][1].primary, true);
  assert.equal((await client.user("POST", `${entry}/unverify`))[key][1].verified, false);
  assert.equal((await client.user("DELETE", entry))[key].length, 1);
}
const link = `/users${path}/emails/${created.result.emails[0].id}/verify/link`;
assert.equal((await client.send("POST", link, { expiry: null })).result.email_sent, true);

// Claims, data, passkeys, providers.
assert.equal((await client.user("PATCH", `${path}/claims`, { nickname: "Countess" })).claims.nickname, "Countess");
for (const key of ["private_data", "public_data"]) {
  assert.deepEqual(await client.user("PATCH", `${path}/${key}`, { [key]: { a: 1 } }), { [key]: { a: 1 } });
  assert.deepEqual(await client.user("GET", `${path}/${key}`), { [key]: { a: 1 } });
}
const seeded = await client.user("GET", `/${SEEDED}`);
const removed = await client.send("DELETE", `/users/${SEEDED}/passkeys/${seeded.passkeys[0].passkey_id}`);
assert.equal(removed.status, 204);
const { authenticator, provider_user_id } = seeded.external_providers[0];
const provider = { authenticator, provider_user_id };
const disconnected = await client.user("POST", `/${SEEDED}/external_authenticator/disconnect`, provider);
assert.deepEqual(disconnected.external_providers, []);

// Pages.
for (let n = 0; n < 5; n += 1) await client.send("POST", "/users", { username: `page-${n}` });
const page = await client.list(2, 2, "page-", "creation_time:-1");
assert.deepEqual({ ...page.pageData }, { page_size: 2, current_page: 2, total_count: 5, has_previous: true, has_next: true });
assert.deepEqual(page.result.map((user) => user.username.username), ["page-2", "page-1"]);
const last = await client.list(3, 2, "page-");
assert.deepEqual([last.pageData.has_next, last.result.length], [false, 1]);

// Errors, by the class that the client makes of each.
await rejects(client.send("POST", `/users${path}/phones`, Buffer.from("{")), "MonoCloudBadRequestException");
await rejects(new UsersClient(BASE, "wrong").user("GET", path), "MonoCloudUnauthorizedException");
await rejects(new UsersClient(BASE, READ_KEY).user("DELETE", path), "MonoCloudUnauthorizedException");
await rejects(client.user("GET", "/nobody"), "MonoCloudNotFoundException");
await rejects(client.user("POST", `${path}/emails`, { email: "ada@example.com" }), "MonoCloudErrorCodeValidationException",
  (error) => assert.equal(error.errors[0].code, "DuplicateEmail"));
await rejects(client.user("POST", `${path}/emails`, { mail: "ada@example.com" }), "MonoCloudKeyValidationException",
  (error) => assert.deepEqual(Object.keys(error.errors), ["mail"]));
await rejects(client.send("POST", link), "MonoCloudResourceExhaustedException");
await rejects(new UsersClient(BROKEN_BASE, API_KEY).user("GET", `/${BROKEN}`), "MonoCloudServerException");
await rejects(client.send("PUT", "/users"), "MonoCloudException",
  (error) => assert.equal(error.message, "Method Not Allowed"));

assert.equal((await client.send("DELETE", `/users${path}`)).status, 204);
assert.ok(sdk.MonoCloudClientBase);
console.log("every endpoint, every error class");
