/** How a command ends that was called wrongly. */
export const wrongly = { exitCode: 2 };
