// Drives the sandbox with co-wechat-api and co-wechat-oauth as npm installs them, hosts apart.
// Asked with one JSON argument; answers what the library was told, as JSON.
const WechatAPI = require("co-wechat-api");
const OAuth = require("co-wechat-oauth");

const asked = JSON.parse(process.argv[2]);

function client() {
  const api = new WechatAPI(asked.appid, asked.secret);
  api.prefix = `${asked.base}/cgi-bin/`;
  api.mpPrefix = `${asked.base}/cgi-bin/`;
  return api;
}

// This library has its two hosts written into it: what it would send there goes to the sandbox.
class SandboxOAuth extends OAuth {
  getAuthorizeURL(...given) {
    return super.getAuthorizeURL(...given).replace("https://open.weixin.qq.com", asked.base);
  }

  request(url, options) {
    return super.request(url.replace("https://api.weixin.qq.com", asked.base), options);
  }
}

async function refusal(call) {
  try {
    await call();
  } catch (error) {
    return error.code;
  }
  return 0;
}

async function drive() {
  const api = client();
  const told = {};
  told.token = await api.getAccessToken();

  await api.createMenu(asked.menu);
  told.menu = await api.getMenu();
  await api.removeMenu();
  told.noMenu = await refusal(() => api.getMenu());

  told.code = await api.createTmpQRCode("st_hailu_03", 1800);
  told.picture = api.showQRCodeURL(told.code.ticket);

  told.template = await api.sendTemplate(asked.openid, "M1", "http://x.localhost/", "", asked.data);
  told.badField = await refusal(() =>
    api.sendTemplate(asked.openid, "M1", "", "", { ...asked.data, phrase3: { value: "这一句太长了" } }));
  told.closed = await refusal(() => api.sendText(asked.silent, "在吗"));
  told.text = await api.sendText(asked.openid, "师傅出发了");

  const { tag } = await api.createTags("老客户");
  await api.batchTagging([asked.openid], tag.id);
  told.tagged = await api.getIdList(asked.openid);
  told.sameName = await refusal(() => api.createTags("老客户"));
  await api.updateTag(tag.id, "常客");
  told.tags = await api.getTags();
  await api.batchUnTagging([asked.openid], tag.id);
  told.untagged = await api.getIdList(asked.openid);
  await api.deleteTag(tag.id);

  told.js = await api.getJsConfig({ url: asked.page, jsApiList: ["scanQRCode"] });

  const oauth = new SandboxOAuth(asked.appid, asked.secret);
  const answer = await fetch(oauth.getAuthorizeURL(asked.page, "s1", "snsapi_base"), { redirect: "manual" });
  const back = new URL(answer.headers.get("location"));
  told.state = back.searchParams.get("state");
  const code = back.searchParams.get("code");
  told.grant = (await oauth.getAccessToken(code)).data;
  told.usedCode = await refusal(() => oauth.getAccessToken(code));
  return told;
}

drive().then((told) => console.log(JSON.stringify(told)));
