-- A survey: asks questions one by one, and adds a row to data/survey.csv.
--
-- Try it:  go run . dev scripts/survey.lua, and type /survey.
-- Change:  the questions. In runtime.toml the bot needs [bot.allow] files = ["data"].

local FILE = "data/survey.csv"
-- How long to wait for an answer, in seconds.
local PATIENCE = 3600

-- Each has a column's name and a question, and one of: choices; match, a pattern for
-- the answer, with again for what is said if it doesn't; or nothing, for any text.
local QUESTIONS = {
  { "city", "Which city do you live in?" },
  { "age", "How old are you?", match = "^%s*(%d%d?)%s*$", again = "A number please, such as 35." },
  { "how often", "How often do you come here?", choices = { "Daily", "Weekly", "Monthly", "It is my first time" } },
  { "comment", "What should we do better?" },
}

-- Puts a question, and returns the answer as a text; nil and why if there is none.
local function ask(msg, question)
  if question.choices then
    return msg:choose(question[2], question.choices, { timeout = PATIENCE })
  end
  local answer, found = msg:ask(question[2], { timeout = PATIENCE, match = question.match, again = question.again })
  if not answer then return nil, found end
  return question.match and found or answer.text
end

ilink.command("/survey", function(msg)
  msg:reply(#QUESTIONS .. " short questions. Write cancel (取消) to stop.")
  local row, summary, header = { msg.from, time.format() }, {}, { "user", "time" }
  for i, question in ipairs(QUESTIONS) do
    local answer, err = ask(msg, question)
    if not answer then
      if err.kind == "interrupted" then return msg:reply("Cancelled. Nothing was kept.") end
      return msg:reply("Let us stop here. /survey begins anew.")
    end
    row[i + 2], header[i + 2] = answer, question[1]
    summary[i] = question[1] .. ": " .. answer
  end

  if not msg:confirm("You said:\n" .. table.concat(summary, "\n") .. "\nMay I send it?", { timeout = PATIENCE }) then
    return msg:reply("Then it is not kept.")
  end
  local ok, err = files.append_csv(FILE, row, { header = header })
  if not ok then
    ilink.log.error("the answers of " .. msg.from .. " were not saved: " .. err)
    return msg:reply("Sorry, that couldn't be saved. Please try again later.")
  end
  msg:reply("Thank you!")
end, "answers our questions")

ilink.command("/results", function(msg)
  local rows = files.read_csv(FILE, { header = true })
  if not rows then return msg:reply("There are no answers yet.") end
  local lines = { "Answers: " .. #rows }
  for _, question in ipairs(QUESTIONS) do
    local name, counts = question[1], {}
    for _, row in ipairs(rows) do
      counts[row[name]] = (counts[row[name]] or 0) + 1
    end
    for _, choice in ipairs(question.choices or {}) do
      lines[#lines + 1] = ("%s: %d"):format(choice, counts[choice] or 0)
    end
  end
  msg:reply(table.concat(lines, "\n"))
end, "how many answered what")

-- A message that comes while a question waits: true ends the dialogue.
function on_interrupt(msg)
  local said = text.fold(msg.text)
  return said == "cancel" or said == "/cancel" or said == "取消"
end

function on_message(msg)
  msg:reply("Do you have two minutes? Write /survey.")
end
