// Reads one call a line, makes it with ZITADEL's own client, and prints what the client gave, one line each.
// Arguments: grpc (the server transport) or grpc-web (the web transport), and the address of the host.
import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { fromJson, toJson } from "@zitadel/client";
import { createServerTransport } from "@zitadel/client/node";
import { createUserServiceClient } from "@zitadel/client/v2";
import { createClientTransport } from "@zitadel/client/web";
import { ErrorDetailSchema } from "@zitadel/proto/zitadel/message_pb.js";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb.js";

const [, , transport, baseUrl] = process.argv;
const createTransport = { grpc: createServerTransport, "grpc-web": createClientTransport }[transport];

const clients = new Map();
function clientOf(token) {
  // Without a token the client sends the scheme alone.
  if (!clients.has(token)) clients.set(token, createUserServiceClient(createTransport(token ?? "", { baseUrl })));
  return clients.get(token);
}

async function call({ token, method, request, language }) {
  const name = method[0].toLowerCase() + method.slice(1);
  const { input, output } = UserService.method[name];
  const headers = language ? { "accept-language": language } : {};
  try {
    const answer = await clientOf(token)[name](fromJson(input, request), { headers });
    // Types, where the JSON would hide them.
    const details = answer.details;
    assert.equal(typeof details.sequence, "bigint");
    assert.equal(typeof details.changeDate.seconds, "bigint");
    return { answer: toJson(output, answer) };
  } catch (error) {
    if (error.name !== "ConnectError") throw error;
    return {
      error: {
        code: error.code,
        message: error.rawMessage,
        typed: error.findDetails(ErrorDetailSchema).map((detail) => toJson(ErrorDetailSchema, detail)),
        details: error.details.map(({ type, value }) => ({ type, value: Buffer.from(value).toString("base64") })),
      },
    };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await call(JSON.parse(line))));
}
process.exit(0);
