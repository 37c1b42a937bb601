// The technician's page of a blank box: a code typed, or its QR code from a photo.

const SIDE_MAX = 1600;
const find = (id) => document.getElementById(id);
const fields = ["cloud", "code", "pin"];

function say(text, well = false) {
  const said = find("said");
  said.textContent = text;
  said.classList.toggle("well", well);
  said.hidden = !text;
}

async function ask(path, body) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", body });
  } catch {
    throw new Error("盒子没有应答:手机和盒子要在同一个网络里\nThe box does not answer: phone and box have to be on the same network");
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    throw new Error(said.code ? `${said.code} ${said.zh}\n${said.en}` : "这一页已经关了,回命令行重新打开\nThis page is closed; open it again at the console");
  }
  return said;
}

// Only the picture's greys go to the box, in its own network; they are kept nowhere.
async function greys(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, SIDE_MAX / Math.max(picture.width, picture.height));
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const sheet = canvas.getContext("2d");
  sheet.drawImage(picture, 0, 0, width, height);
  const { data } = sheet.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let at = 0; at < grey.length; at += 1) {
    grey[at] = (data[4 * at] * 77 + data[4 * at + 1] * 151 + data[4 * at + 2] * 28) >> 8;
  }
  return { width, height, grey };
}

find("picture").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  say("正在看照片… · Looking at the picture…", true);
  try {
    const { width, height, grey } = await greys(file);
    const said = await ask(`picture?w=${width}&h=${height}`, grey);
    for (const name of fields) find(name).value = said[name];
    say("二维码读到了,核对后点“开通”\nThe QR code was read; check it, then press Provision", true);
    find("go").focus();
  } catch (error) {
    say(error.name === "InvalidStateError" ? "这不是一张图片 · This is no picture" : error.message);
  } finally {
    event.target.value = "";
  }
});

find("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const go = find("go");
  go.disabled = true;
  say("正在开通,不要断电… · Provisioning, do not switch off…", true);
  try {
    const typed = Object.fromEntries(fields.map((name) => [name, find(name).value.trim()]));
    const { store } = await ask("provision", JSON.stringify(typed));
    say("");
    find("form").hidden = true;
    find("store").textContent = store;
    find("done").hidden = false;
    find("done").focus();
  } catch (error) {
    say(error.message);
  } finally {
    go.disabled = false;
  }
});
