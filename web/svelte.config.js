// What the Svelte compiler and svelte-check must know.

export default {
  compilerOptions: { runes: true },
}
