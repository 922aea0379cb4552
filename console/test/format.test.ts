import { expect, it } from "vitest";
import { minuteIn } from "../src/lib/format";

it("shows an instant of the server in the zone of the brand", () => {
  expect(minuteIn("Asia/Shanghai", "2026-11-23T02:24:18Z")).toBe("2026-11-23 10:24");
  expect(minuteIn(undefined, "2026-11-23T02:24:18Z")).toBe("2026-11-23 02:24");
});
