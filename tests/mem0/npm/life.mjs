// A life with Mem0's npm client: `node life.mjs <host>`. Ends with an error where an answer is not
// what its user would expect, or where a public method of the client has not been called.

import assert from "node:assert/strict";
import { MemoryClient, MemoryNotFoundError, ValidationError } from "mem0ai";

const called = new Set();
const methods = Object.getOwnPropertyNames(MemoryClient.prototype).filter(
  (name) => name !== "constructor" && !name.startsWith("_"),
);
for (const name of methods) {
  const method = MemoryClient.prototype[name];
  MemoryClient.prototype[name] = function (...given) {
    called.add(name);
    return method.apply(this, given);
  };
}

const [host] = process.argv.slice(2);
const client = new MemoryClient({ apiKey: "m0-anything", host: `${host}/` });
const alice = { filters: { userId: "alice" } };
const say = async (content, options = {}) => {
  const messages = [{ role: "user", content }];
  const added = await client.add(messages, { userId: "alice", infer: false, ...options });
  return added.results[0].id;
};
const texts = (page) => page.results.map((each) => each.memory);

await client.ping();

// What is added is found, read, changed and deleted.
const oslo = await say("I live in Oslo", { runId: "chat/1", metadata: { spoken_in: "chat" } });
const found = await client.search("who lives in Oslo", alice);
assert.equal(found.results[0].id, oslo);
assert.ok(found.results[0].score > 0.1);
assert.equal(typeof found.results[0].scoreBreakdown.semantic, "number");
const memory = await client.get(oslo);
assert.equal(memory.memory, "I live in Oslo");
assert.equal(memory.userId, "alice");
assert.equal(memory.runId, "chat/1");
assert.deepEqual(memory.metadata, { spoken_in: "chat" });
assert.ok(new Date(memory.createdAt).getTime() > 0);
await client.update(oslo, { text: "I live in Bergen", expirationDate: "2090-01-31" });
assert.equal((await client.get(oslo)).expirationDate, "2090-01-31");
await client.update(oslo, { expirationDate: null });
assert.equal((await client.get(oslo)).expirationDate, null);
const [first, second] = await client.history(oslo);
assert.deepEqual([first.event, first.newMemory], ["ADD", "I live in Oslo"]);
assert.deepEqual([second.event, second.oldMemory], ["UPDATE", "I live in Oslo"]);
await client.delete(oslo);
await assert.rejects(client.get(oslo), MemoryNotFoundError);
await assert.rejects(client.search("x", { filters: { colour: "red" } }), ValidationError);

// Lists, page by page.
for (let number = 0; number < 3; number += 1) {
  await say(`note ${number}`, { timestamp: 1_700_000_000 + number });
}
const page = await client.getAll({ ...alice, page: 1, pageSize: 2 });
assert.deepEqual([page.count, texts(page)], [3, ["note 2", "note 1"]]);
assert.ok(page.next.startsWith("http"));
const last = await client.getAll({ ...alice, page: 2, pageSize: 2 });
assert.deepEqual([last.next, texts(last)], [null, ["note 0"]]);
const nobody = await client.getAll({ filters: { user_id: "nobody" } });
assert.deepEqual([nobody.count, nobody.results], [0, []]);

// Several at once.
const [one, two] = page.results.map((each) => each.id);
await client.batchUpdate([{ memoryId: one, text: "the last note" }]);
assert.equal((await client.get(one)).memory, "the last note");
await client.batchDelete([one, two]);
assert.deepEqual(texts(await client.getAll(alice)), ["note 0"]);

// Exports and feedback.
const schema = {
  type: "object",
  properties: {
    memories: {
      type: "array",
      items: { type: "object", properties: { memory: { type: "string" } } },
    },
  },
};
const made = await client.createMemoryExport({ schema, filters: { user_id: "alice" } });
const exported = await client.getMemoryExport({ memoryExportId: made.id });
assert.deepEqual(exported, { memories: [{ memory: "note 0" }] });
const [left] = (await client.getAll(alice)).results;
assert.equal((await client.feedback({ memoryId: left.id, feedback: "POSITIVE" })).feedback, "POSITIVE");

// The project; webhooks and profiles, which there are none of.
await client.updateProject({ customInstructions: "Only facts" });
const project = await client.getProject({ fields: ["custom_instructions"] });
assert.equal(project.customInstructions, "Only facts");
assert.deepEqual(await client.getWebhooks(), []);
const webhook = { name: "hook", webhookUrl: "https://shop.test/hook", eventTypes: ["memory_add"] };
await assert.rejects(client.createWebhook(webhook), ValidationError);
await assert.rejects(client.updateWebhook({ webhookId: "wh_1", name: "x" }), MemoryNotFoundError);
await assert.rejects(client.deleteWebhook({ webhookId: "wh_1" }), MemoryNotFoundError);
assert.equal((await client.getProfile({ entityId: "alice" })).status, "not_enabled");
assert.equal((await client.getProfileSettings()).enabled, false);
assert.equal((await client.updateProfileSettings({ enabled: false })).enabled, false);
await assert.rejects(client.generateProfile({ entityId: "alice" }), ValidationError);
await assert.rejects(client.sampleProfiles({ limit: 2 }), ValidationError);
await assert.rejects(client.getProfileJob("some-job"), MemoryNotFoundError);

// Everybody is listed and forgotten.
await say("likes tea", { userId: "bob" });
await say("likes figs", { userId: undefined, appId: "team a/b@x.io" });
const users = await client.users();
const names = users.results.map((each) => `${each.type} ${each.name}`).sort();
assert.deepEqual(names, ["app team a/b@x.io", "user alice", "user bob"]);
const bob = users.results.find((each) => each.name === "bob");
assert.equal(typeof bob.id, "string");
await client.deleteUser({ entity_id: Number(bob.id), entity_type: "user" });
assert.equal((await client.getAll({ filters: { userId: "bob" } })).count, 0);
await client.deleteUsers({ appId: "team a/b@x.io" });
await client.deleteAll({ userId: "alice" });
await client.deleteAll({ userId: "nobody" });
assert.deepEqual((await client.users()).results, []);

const missed = methods.filter((name) => !called.has(name));
assert.deepEqual(missed, [], "public methods that were not called");
