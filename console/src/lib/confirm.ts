// The password once more, where the server wants it: one dialog for every route that does.
import { shallowRef } from "vue";
import { onConfirm } from "./api";

/** Set while the dialog is to be shown; called with the outcome. */
export const confirming = shallowRef<((given: boolean) => void) | null>(null);

onConfirm(
  () =>
    new Promise<boolean>((resolve) => {
      confirming.value = (given) => {
        confirming.value = null;
        resolve(given);
      };
    }),
);
