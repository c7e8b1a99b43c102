-- A quiz: five questions, 20 seconds for each, and a list of the best players.
--
-- Try it:  go run . dev scripts/quiz.lua, and type /quiz.
-- Change:  the questions. The first answer is the right one; they are shuffled.

local QUESTIONS = {
  { "Which planet is the largest?", "Jupiter", "Saturn", "Neptune" },
  { "How many strings does a guzheng (古筝) usually have?", "21", "7", "12" },
  { "Which animal is not in the Chinese zodiac?", "Cat", "Goat", "Rooster" },
  { "《红楼梦》的作者是谁？", "曹雪芹", "吴承恩", "施耐庵" },
  { "What is 7 × 8?", "56", "54", "63" },
  { "Which gas do plants take from the air?", "Carbon dioxide", "Oxygen", "Helium" },
  { "Where was paper money first used?", "China", "Italy", "Egypt" },
  { "How many bits has a byte?", "8", "10", "16" },
}
local ROUND = 5
local SECONDS = 20
local BEST = 10

-- The faster, the more: 10 points at once, 5 just before the end.
local function points(seconds)
  return math.ceil(10 - 5 * math.min(seconds / SECONDS, 1))
end

-- Asks one question and returns the points, or nil if the player has had enough.
local function ask(msg, number, question)
  local title = ("Question %d of %d: %s"):format(number, ROUND, question[1])
  local right = question[2]
  local choices = random.shuffle { unpack(question, 2) }
  local began = time.now()
  local answer, err = msg:choose(title, choices, { timeout = SECONDS, retries = 0 })
  if answer == right then
    local won = points(time.now() - began)
    msg:reply("✅ Right, " .. won .. " points!")
    return won
  end
  if not answer and err.kind ~= "timeout" and err.kind ~= "no_match" then return nil end
  local sorry = answer and "❌ No." or err.kind == "timeout" and "⏰ Too late." or "❌ That wasn't among them."
  msg:reply(sorry .. " It is " .. right .. ".")
  return 0
end

ilink.command("/quiz", function(msg)
  local me = kv.user(msg)
  if not me:get("name") then
    local answer, name = msg:ask("Under which name do you play?", { match = "^%s*(%S[^\n]*)", timeout = 300 })
    if not answer then return msg:reply("Another time, then.") end
    me:set("name", text.truncate(text.trim(name), 20))
  end
  local score = 0
  for i, question in ipairs(random.shuffle(QUESTIONS)) do
    if i > ROUND then break end
    local won = ask(msg, i, question)
    if not won then return msg:reply("Stopped. That round doesn't count.") end
    score = score + won
  end
  -- update is safe when many finish at the same time.
  local name = me:get("name")
  local scores = kv.update("scores", function(scores)
    scores = scores or {}
    local best = scores[msg.from] and scores[msg.from].points or 0
    scores[msg.from] = { name = name, points = math.max(best, score) }
    return scores
  end)
  local best = scores[msg.from].points
  msg:reply(("%d points! Your best is %d. /top shows everybody, /quiz plays again."):format(score, best))
end, "plays a round; write stop (停) to end it")

ilink.command("/top", function(msg)
  local players = {}
  for id, player in pairs(kv.get("scores", {})) do
    player.id = id
    players[#players + 1] = player
  end
  if #players == 0 then return msg:reply("Nobody has played yet. Be the first: /quiz") end
  table.sort(players, function(a, b)
    if a.points ~= b.points then return a.points > b.points end
    return a.id < b.id
  end)
  local lines = {}
  for place, player in ipairs(players) do
    local you = player.id == msg.from
    if place <= BEST or you then
      lines[#lines + 1] = ("%d. %s  %d%s"):format(place, player.name, player.points, you and "  ← you" or "")
    end
  end
  msg:reply("🏆\n" .. table.concat(lines, "\n"))
end, "the best players")

-- A message that comes while a round is on: true ends what waits for an answer.
function on_interrupt(msg)
  local said = text.fold(msg.text)
  return said == "stop" or said == "/stop" or said == "停" or said == "停止"
end

function on_message(msg)
  msg:reply("Shall we play? Write /quiz, or /top for the best players.")
end
