"""Names and texts that the sandbox's rows are made of, and how the odd kinds of values are spelled."""

import random

PEOPLE = (
    "Ana Beatriz Gonçalves", "João Pedro Araújo", "Márcia Conceição", "Luís Antônio Magalhães",
    "Thaís Brandão", "Sérgio Moção", "Renata Sá", "Otávio Müller", "Fábio Peçanha", "Júlia Açucena",
    "Grace Okafor", "Noah Lindqvist", "Zoë Hernández", "Siobhán O'Neill",
)  # fmt: skip

COMPANIES = (
    "Padaria São João Ltda.", "Construções Ipê S.A.", "Açaí & Cia", "Transportes Piauí", "Óptica Visão",
    "Gráfica Relâmpago", "Café do Maranhão", "Nações Unidas Papelaria", "Smith & Sons, Inc.",
    "Kühlhaus GmbH", 'Mercado "Bom Preço"', "L'Étoile Décorations",
)  # fmt: skip

SUBJECTS = (
    "Compra de notebooks", "Renovação de licenças", "Reembolso de viagem", "Manutenção do elevador",
    "Contratação de estágio", "Nota fiscal não localizada", "Atualização cadastral", "Pedido de férias",
    "Invoice without a purchase order", "Login stopped working", "Contrato; aditivo nº 2",
    "Conferência, revisão e aprovação", "Change of address", "Ação: confirmar endereço 📦",
)  # fmt: skip

REMARKS = (
    "Aprovado pela gestão.", "Aguardando retorno do fornecedor", "Cliente pediu prazo até sexta-feira",
    "Linha 1: conferido\nLinha 2: falta a assinatura\nLinha 3: enviar cópia", "ok", "N/A",
    'Disse: "enviem por e-mail, por favor"', "Vide anexo; ver também o chamado nº 00123",
    "Called back, no answer", "Preço à vista: R$ 1.234,56", "Não se aplica",
    "Revisar\taté amanhã", "=SOMA(A1:A2) não é fórmula",
)  # fmt: skip

LABELS = ("Urgente", "VIP", "Financeiro", "Revisão", "Waiting", "2ª via", "Jurídico")
PLANS = ("Básico", "Profissional", "Enterprise")
CATEGORIES = ("Alimentação", "Hospedagem", "Transporte", "Combustível", "Outros")
PRIORITIES = ("low", "medium", "high", "urgent")

JOB_ERRORS = (
    "Card not found",
    "Campo obrigatório não preenchido: Centro de custo",
    "HTTP 502 from https://erp.example.com/api/invoices\nretry limit reached",
    "E-mail recusado pelo servidor: endereço inválido",
)


def digits(rng: random.Random, count: int) -> str:
    """Return a number code of exactly `count` digits; leading zeros are as likely as any digit."""
    return f"{rng.randrange(10**count):0{count}}"


def cost_center(rng: random.Random) -> str:
    """Return a code such as `00420`, which loses its meaning when read as a number."""
    return f"00{rng.randrange(1, 90) * 10:03}"


def cpf(rng: random.Random) -> str:
    """Return a person's tax number with valid check digits, now and then without punctuation."""
    number = [rng.randrange(10) for _ in range(9)]
    for _ in range(2):
        weighted = sum(d * w for d, w in zip(number, range(len(number) + 1, 1, -1), strict=True))
        number.append((weighted * 10 % 11) % 10)
    text = "".join(map(str, number))
    return text if rng.random() < 0.2 else f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}"  # noqa: PLR2004


def cnpj(rng: random.Random) -> str:
    """Return a company's tax number."""
    text = digits(rng, 8)
    return f"{text[:2]}.{text[2:5]}.{text[5:]}/0001-{digits(rng, 2)}"


def phone(rng: random.Random) -> str:
    """Return a telephone number in one of the ways that people write them."""
    pattern = rng.choice(("+55 11 9{}-{}", "(21) 9{}-{}", "0119{}{}"))
    return pattern.format(digits(rng, 4), digits(rng, 4))


def money(rng: random.Random) -> float:
    """Return an amount with two decimals, mostly small, now and then above a million."""
    return round(rng.lognormvariate(6.5, 1.6), 2)
