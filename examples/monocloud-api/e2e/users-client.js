// The users API on MonoCloud's client base: its transport, its error classes and its pagination.
import axios from "axios";
import { MonoCloudClientBase } from "@monocloud/sdk-js-core";

export class UsersClient extends MonoCloudClientBase {
  constructor(base, apiKey) {
    // The base insists on https; a server on loopback has none, so its transport comes ready-made.
    super(undefined, axios.create({
      baseURL: `${base}/api`,
      headers: { "X-API-KEY": apiKey, "Content-Type": "application/json" },
      timeout: 10000,
    }));
  }

  list(page, size, filter, sort) {
    return this.processPaginatedRequest({ method: "GET", url: "/users", params: { page, size, filter, sort } });
  }

  // Without a body the client still says which media type it would have had.
  send(method, url, data) {
    return this.processRequest({ method, url, data });
  }

  async user(method, path, data) {
    return (await this.send(method, `/users${path}`, data)).result;
  }
}
