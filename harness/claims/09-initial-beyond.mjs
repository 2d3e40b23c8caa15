// An initial size beyond the maximum: `validate` says no, compiling throws a
// CompileError, and the constructor of `Memory` a RangeError.
export default async () => {
  const bytes = memoryModule({ initial: 2, maximum: 1 });
  const found = [
    `validate: ${WebAssembly.validate(bytes)}`,
    `Module: ${outcome(() => new WebAssembly.Module(bytes))}`,
    `compile: ${await WebAssembly.compile(bytes).then(() => 'succeeds', (error) => error.name)}`,
    `Memory: ${outcome(() => new WebAssembly.Memory({ initial: 2, maximum: 1 }))}`,
  ].join(', ');
  const claimed = 'validate: false, Module: CompileError, compile: CompileError, Memory: RangeError';
  return { answer: found === claimed, note: found };
};
