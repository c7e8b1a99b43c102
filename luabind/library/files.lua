---@meta files

---Files of the bot's folder, the one in which its script is. Paths are below it, with
---slashes. All of it can be read but hidden files and what belongs to the host; written
---are the folders that runtime.toml names: [bot.allow] files = ["data"], and what is below
---them. An entry may also be one file, ["orders.csv"], or the bot's own folder, ["."]. Without
---entries "ilinkd run" lets a script write nothing; "ilinkd dev" and specs let it write
---everywhere in its folder, so that entry is the first thing that is missing when a bot
---runs for real.
---
---Files that a script makes may be read by the user only as whom ilinkd runs (mode 0600).
---
---A change is made once, even if the program dies right then and the handler is run
---again afterwards: files.write writes the same again, files.append finds what it
---has added. Only if others have changed that part of the file meanwhile, it may be
---there twice.
---@class files
files = {}

---Reads a file, up to what a text may have (8 MiB). It works while the script is
---loaded, too.
---@param path string
---@return string? text
---@return ilink.Failure? err Of kind "not_found", "not_allowed", "too_large" or "not_a_file".
---@example
---```lua
---local rules, err = files.read("rules.txt")
---msg:reply(rules or "No rules: " .. err)
---```
function files.read(path) end

---Reads the lines of a file, without their ends.
---@param path string
---@return string[]? lines
---@return ilink.Failure? err
---@example
---```lua
---for _, line in ipairs(files.lines("jokes.txt") or {}) do
---  print(line)
---end
---```
function files.lines(path) end

---Writes a file; what was in it is gone. At any time there is the old file or the new
---one, and never a part. Folders are made where there are none.
---@param path string
---@param text string
---@return true? ok
---@return ilink.Failure? err
---@example
---```lua
---local ok, err = files.write("data/last.txt", msg.text)
---if not ok then ilink.log.error(err) end
---```
function files.write(path, text) end

---Adds to the end of a file, which is made if there is none. A file may have 64 MiB.
---@param path string
---@param text string
---@return true? ok
---@return ilink.Failure? err
---@example
---```lua
---files.append("data/guestbook.txt", msg.from .. ": " .. msg.text .. "\n")
---```
function files.append(path, text) end

---Lists a folder, in the order of names.
---@param path? string The bot's folder if left out.
---@return files.Entry[]? entries
---@return ilink.Failure? err
---@example
---```lua
---for _, entry in ipairs(files.list("photos") or {}) do
---  if not entry.folder then msg:reply { image = "photos/" .. entry.name } end
---end
---```
function files.list(path) end

---An entry of a folder.
---@class files.Entry
---@field name string
---@field folder boolean Whether it is a folder.
---@field size integer In bytes.
---@field modified number When it was changed last, in seconds since 1970.

---Reports whether there is a file or a folder.
---@param path string
---@return boolean? found nil if the script may not know.
---@return ilink.Failure? err
---@example
---```lua
---if files.exists("welcome.png") then msg:reply { image = "welcome.png" } end
---```
function files.exists(path) end

---Removes a file.
---@param path string
---@return true? ok
---@return ilink.Failure? err
---@example
---```lua
---files.remove("data/last.txt")
---```
function files.remove(path) end

---Adds a row to a table in CSV, for spreadsheets. Texts may have anything in them:
---commas, line breaks, Chinese; what a spreadsheet would take for a formula gets a '
---in front. A new file begins with a byte order mark, by which spreadsheets know that it
---is UTF-8; files.read_csv leaves it out, files.read doesn't.
---@param path string
---@param row (string|number|boolean)[]
---@param options? files.AppendOptions
---@return true? ok
---@return ilink.Failure? err
---@example
---```lua
---files.append_csv("data/survey.csv", { msg.from, os.date("%F"), msg.text }, { header = { "user", "date", "answer" } })
---```
function files.append_csv(path, row, options) end

---How to add a row.
---@class files.AppendOptions
---@field header? string[] The names of the columns, with which a new file begins.

---Reads a table in CSV.
---@param path string
---@param options? files.ReadOptions
---@return table[]? rows Lists of texts, or with header tables of them by the names in the first row.
---@return ilink.Failure? err Of kind "bad_csv" if it is no CSV, or not in UTF-8.
---@example
---```lua
---local questions = assert(files.read_csv("questions.csv", { header = true }))
---msg:reply(questions[1].question)
---```
function files.read_csv(path, options) end

---How to read a table.
---@class files.ReadOptions
---@field header? boolean Whether the first row has the names of the columns.
