import { loadVit, saveVit, readSafetensors, readNpz } from "@flexivit/checkpoint";
import { useEngine } from "@flexivit/engine";
await useEngine({prefer:"wasm"});
const f="/work/wt/checkpoint/packages/testing/fixtures/";
async function same(a:string,b:string, strip=false){ const rd=(p:string)=>p.endsWith("npz")?readNpz(p):readSafetensors(p); const A=(await rd(a)).entries,B=(await rd(b)).entries; const norm=(n:string)=>n.replace(/^params\//,"");
 const bn=Object.fromEntries(Object.keys(B).map(n=>[norm(n),n])); let bad:string[]=[]; for(const n of Object.keys(A)){const m=bn[norm(n)]; if(!m||String(B[m].shape)!==String(A[n].shape)||!Buffer.from((await A[n].read() as any).buffer.slice(0)).equals(Buffer.from((await B[m].read() as any).buffer.slice(0)))) bad.push(n)} return [Object.keys(A).length,Object.keys(B).length,bad.join()].join(" ");}
for (const v of ["avg-fcnorm","cls-noembed","deit","dinov2-reg4-swiglu","map"]) {
  const m=await loadVit(f+`timm/${v}/model.safetensors`,{heads:2});
  console.log(v, JSON.stringify(m.config));
  await saveVit("/tmp/zz.safetensors",m,"timm"); console.log(await same(f+`timm/${v}/model.safetensors`,"/tmp/zz.safetensors"));
  for (const o of ["big_vision","hugging_face_vit","hugging_face_dinov2","flexivit"] as const) { const p="/tmp/zz."+(o=="big_vision"?"npz":"safetensors"); try { await saveVit(p,m,o); const n=await loadVit(p); await saveVit("/tmp/zz2.safetensors",n,"timm"); console.log(o,n.format,await same(f+`timm/${v}/model.safetensors`,"/tmp/zz2.safetensors")); } catch(e){console.log(o,(e as Error).message)} }
}
for (const v of ["gap-p32","gap-p8","map-p8","tok-p8"]) {
  const m=await loadVit(f+`big-vision-flexi/${v}/params.npz`);
  console.log(v, JSON.stringify(m.config));
  await saveVit("/tmp/zz.npz",m,"big_vision"); console.log(await same(f+`big-vision-flexi/${v}/params.npz`,"/tmp/zz.npz"));
}
