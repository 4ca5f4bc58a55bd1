import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { t } from "../../domain/i18n";

export function Dialog({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  return (
    <Modal
      opened
      onClose={close}
      title={title}
      size={460}
      yOffset="10vh"
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ "aria-label": t.app.close }}
    >
      {children}
    </Modal>
  );
}
