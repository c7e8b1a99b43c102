---@meta text

---Works on the texts of people. A character here is what people see as one: 你, é and
---👨‍👩‍👧 are one each, where Lua's string library counts bytes.
---@class text
text = {}

---Returns the pieces of a text between a separator; without one, the words between
---spaces.
---@param s string
---@param separator? string A text, not a pattern: re.split has those.
---@param max? integer How many pieces are wanted at most; the last has the rest.
---@return string[]
---@example
---```lua
---local name, city = unpack(text.split("李, 上海", ", "))
---local words = text.split(msg.text)
---```
function text.split(s, separator, max) end

---Returns the lines of a text, without their ends.
---@param s string
---@return string[]
---@example
---```lua
---for i, line in ipairs(text.lines(msg.text)) do print(i, line) end
---```
function text.lines(s) end

---Takes spaces, line ends and what can't be seen away from both ends.
---@param s string
---@return string
---@example
---```lua
---assert(text.trim("　你好 \n") == "你好")
---```
function text.trim(s) end

---Makes texts alike that people mean alike: small letters, no spaces at the ends, and
---the wide letters, digits and signs of Chinese keyboards as usual ones.
---@param s string
---@return string
---@example
---```lua
---if text.fold(msg.text) == "/help" then msg:reply("No help yet.") end -- also ／ＨＥＬＰ
---```
function text.fold(s) end

---Reports whether a text has another in it.
---@param s string
---@param part string
---@return boolean
---@example
---```lua
---if text.contains(msg.text, "天气") then msg:reply("晴") end
---```
function text.contains(s, part) end

---Reports whether a text begins with another.
---@param s string
---@param part string
---@return boolean
---@example
---```lua
---if text.starts_with(msg.text, "/") then msg:reply("That is a command.") end
---```
function text.starts_with(s, part) end

---Reports whether a text ends with another.
---@param s string
---@param part string
---@return boolean
---@example
---```lua
---if text.ends_with(msg.text, "吗？") then msg:reply("是的。") end
---```
function text.ends_with(s, part) end

---Returns how many characters a text has.
---@param s string
---@return integer
---@example
---```lua
---if text.len(msg.text) > 140 then msg:reply("Shorter, please.") end
---```
function text.len(s) end

---Returns the characters from one number to another, as string.sub does with bytes.
---@param s string
---@param from? integer The first, from the end if negative; 1 if left out.
---@param to? integer The last, from the end if negative; -1 if left out.
---@return string
---@example
---```lua
---assert(text.sub("你好吗？", 2, 3) == "好吗")
---```
function text.sub(s, from, to) end

---Returns how wide a text shows where all letters are equally wide: Chinese characters
---and emoji are 2, others 1.
---@param s string
---@return integer
---@example
---```lua
---assert(text.width("茶 5") == 4)
---```
function text.width(s) end

---Cuts a text that has too many characters, and ends it with a mark.
---@param s string
---@param max integer How many characters there may be, those of the mark included.
---@param mark? string "…" if left out.
---@return string
---@example
---```lua
---msg:reply("You said: " .. text.truncate(msg.text, 20))
---```
function text.truncate(s, max, mark) end

---Fills a text up with spaces to a width, see text.width. A wider one stays as it is.
---@param s string
---@param width integer
---@param align? "left"|"right"|"center" Where the text is; "left" if left out.
---@return string
---@example
---```lua
---print(text.pad("茶", 10) .. text.pad("5", 4, "right"))
---```
function text.pad(s, width, align) end

---Cuts a long text into pieces for several messages, between paragraphs, lines,
---sentences or words. What is sent is cut so by itself.
---@param s string
---@param max? integer How many code points a piece may have; 1800 if left out.
---@return string[]
---@example
---```lua
---for i, piece in ipairs(text.chunks(msg.text, 500)) do msg:reply(i .. ": " .. piece) end
---```
function text.chunks(s, max) end

---Makes plain text of Markdown, as language models write it, for WeChat shows the marks:
---"**Tea** [here](https://example.org)" becomes "Tea here (https://example.org)". Lists
---get bullets, headings and code stay as lines, a table's cells are parted by |.
---@param s string
---@return string
---@example
---```lua
---msg:reply(text.strip_markdown("# Today\n- **Tea**\n- [Shop](https://example.org)"))
---```
function text.strip_markdown(s) end
