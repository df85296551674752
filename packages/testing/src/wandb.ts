export { readProtobuf, readWandbFile, type ProtobufMessage, type WandbFile } from "./wandb-file.ts";
export { startWandbServer, wandbLine, type WandbBehaviour, type WandbServer, type WandbServerRun } from "./wandb-server.ts";
