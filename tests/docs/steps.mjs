// SPDX-License-Identifier: GPL-3.0-or-later

// What a document tells its readers to do, and what it says that comes of it. A command is a line of an indented block that
// begins with "$ "; the lines below it are what it prints. Comments of the form <!-- run: WORDS --> say what cannot be seen:
//
//   open URL…       a browser closes what it has open, and opens these, a page each; without a URL, those of the next block
//   also URL…       a browser opens these, too
//   page N runs     the next block is typed into the console of page N
//   printed         the next block is what that prints
//   page N says     the next block is what page N shows
//   not             the next block is only read

import { execFileSync } from "node:child_process";

const BLOCK = /^ {4}(.*)$/;
const DIRECTIVE = /^<!-- run: (.*) -->$/;

/** Whether a shell takes these lines for whole. */
function isWhole(command) {
  const [, , end] = /<<(['"]?)(\w+)\1/.exec(command) ?? [];
  if (end) return command.split("\n").includes(end);
  if (command.endsWith("\\")) return false;
  try {
    execFileSync("bash", ["-n", "-c", command], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The commands of a block, each with what it prints: { command, expected, line }. */
function commandsOf(lines, first) {
  const commands = [];
  let open = null; // a command that goes on in the next line
  lines.forEach((text, i) => {
    if (open) open.command += `\n${text}`;
    else if (text.startsWith("$ ")) commands.push(open = { command: text.slice(2), expected: [], line: first + i });
    else commands.at(-1)?.expected.push(text);
    if (open && isWhole(open.command)) open = null;
  });
  return commands;
}

/** The indented blocks of a text, with what directs them and the heading above: { heading, directive, lines, line }. */
function blocksOf(text) {
  const blocks = [];
  let heading = "", directive = null, open = null;
  text.split("\n").forEach((line, i) => {
    const [, inner] = BLOCK.exec(line) ?? [];
    if (inner !== undefined && (open || line.trim())) {
      if (!open) blocks.push(open = { heading, directive, lines: [], line: i + 1 });
      open.lines.push(inner);
      directive = null;
      return;
    }
    if (line === "" && open && !open.directive) return; // a blank line may stand within commands
    open = null;
    heading = /^#{2,3} (.*)$/.exec(line)?.[1] ?? heading;
    const [, words] = DIRECTIVE.exec(line) ?? [];
    if (/^(open|also) \S/.test(words ?? "")) blocks.push({ heading, directive: words, lines: [], line: i + 1 });
    else directive = words ?? directive;
  });
  return blocks;
}

/** The steps of a document: { heading, line } and one of { command, expected }, { open, also }, { page, runs, expected }, { page, says }. */
export function stepsOf(text) {
  const steps = [];
  const blocks = blocksOf(text);
  while (blocks.length) {
    const { heading, directive, lines, line } = blocks.shift();
    const [, page, verb] = /^page (\d) (runs|says)$/.exec(directive ?? "") ?? [];
    if (directive === "not") continue;
    if (/^(open|also)\b/.test(directive ?? "")) {
      const [verb, ...urls] = directive.split(" ");
      steps.push({ heading, line, open: [...urls, ...lines.filter(Boolean)], also: verb === "also" });
      continue;
    }
    if (verb === "runs")
      steps.push({ heading, line, page: Number(page), runs: lines.join("\n"), expected: blocks[0]?.directive === "printed" ? blocks.shift().lines : [] });
    else if (verb === "says") steps.push({ heading, line, page: Number(page), says: lines.filter(Boolean) });
    else steps.push(...commandsOf(lines, line).map((command) => ({ heading, ...command })));
  }
  return steps;
}
